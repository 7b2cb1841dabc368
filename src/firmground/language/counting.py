"""What numbers, units, months and days are called. Data, and the small tables made of it."""

from functools import cache
from itertools import product

Measure = tuple[str, float]
"""A dimension and how many of its smallest unit one is."""

_TIME = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_UNITS: dict[str, tuple[tuple[Measure, ...], str]] = {
    **{
        name: ((("time", float(size)),), words)
        for (name, size), words in zip(
            _TIME.items(),
            (
                "second seconds sec secs sekunde sekunden sek seconde secondes segundo segundos secondi seconden",
                "minute minutes min mins minuten minuto minutos minuti minütig",
                "hour hours hr hrs h std stunde stunden heure heures hora horas ora ore uur stündig",
                "",
                "week weeks woche wochen semaine semaines semana semanas settimana settimane weken wöchig",
            ),
            strict=True,
        )
    },
    "day": (
        (("time", 86400.0), ("working day", 1.0)),
        "day days tag tage tagen tages jour jours journée journées día días dia dias giorno giorni dag dagen night nights nacht nächte"  # noqa: ISC004
        " nächten nuit nuits noche noches",
    ),
    "calendar day": ((("time", 86400.0),), "kalendertag"),
    "working day": ((("working day", 1.0),), "workday workdays arbeitstag werktag bankarbeitstag"),
    "month": ((("month", 1.0),), "month months monat monate monaten monats mois mes meses mese mesi maand maanden monatig"),
    "quarter": ((("month", 3.0),), "quarter quarters quartal quartale quartalen trimestre trimestres"),
    "year": (
        (("month", 12.0),),
        "year years yr yrs jahr jahre jahren jahres année années ans año años anno anni jaar jaren jährig",
    ),
    "percent": ((("percent", 1.0),), "% percent prozent pourcent procent percento"),
    "per mille": ((("percent", 0.1),), "‰ promille"),
    "percentage point": ((("point", 1.0),), "prozentpunkt prozentpunkte prozentpunkten"),
    "euro": ((("EUR", 1.0),), "€ eur euro euros"),
    "pound": ((("GBP", 1.0), ("gram", 453.592)), "£ gbp pound pounds pfund livre livres libra libras sterling"),
    "dollar": ((("USD", 1.0),), "$ usd us$ dollar dollars dólar dólares dollari"),
    "franc": ((("CHF", 1.0),), "chf sfr franken franc francs franco francos"),
    "yen": ((("JPY", 1.0),), "¥ jpy yen"),
    "cent": ((("EUR", 0.01), ("USD", 0.01), ("GBP", 0.01)), "cents centime centimes céntimo céntimos ct"),
    "penny": ((("GBP", 0.01),), "pence penny pennies"),
    "millimetre": (
        (("metre", 0.001),),
        "mm millimeter millimetern millimetre millimeters millimetres millimètre millimètres milímetros",
    ),
    "centimetre": (
        (("metre", 0.01),),
        "cm zentimeter zentimetern centimetre centimetres centimeter centimeters centimètres centímetros",
    ),
    "metre": ((("metre", 1.0),), "m metre metres meter meters metern mètre mètres metro metros"),
    "kilometre": (
        (("metre", 1000.0),),
        "km kilometre kilometres kilometer kilometers kilometern kilomètre kilomètres kilómetros",
    ),
    "mile": ((("metre", 1609.344),), "mile miles meilen milles millas"),
    "gram": ((("gram", 1.0),), "g gram grams gramm gramme grammes gramos"),
    "kilogram": ((("gram", 1000.0),), "kg kilo kilos kilogram kilograms kilogramm kilogrammes kilogramos"),
    "tonne": ((("gram", 1e6),), "t tonne tonnes ton tons tonnen toneladas"),
    "litre": ((("litre", 1.0),), "l litre litres liter liters litern litros"),
    "degree": ((("degree", 1.0),), "°c ° degree degrees grad degrés grados °"),
    "fahrenheit": ((("fahrenheit", 1.0),), "°f fahrenheit"),
    "volt": ((("volt", 1.0),), "v volt volts"),
    "milliampere": ((("ampere", 0.001),), "ma"),
    "ampere": ((("ampere", 1.0),), "amp amps ampere"),
    "watt": ((("watt", 1.0),), "w watt watts"),
    "kilowatt": ((("watt", 1000.0),), "kw kilowatt kilowatts"),
    "kilowatt hour": ((("kwh", 1.0),), "kwh"),
    "hertz": ((("hertz", 1.0),), "hz hertz"),
    "kilobyte": ((("byte", 1e3),), "kb kib"),
    "megabyte": ((("byte", 1e6),), "mb mib megabyte megabytes"),
    "gigabyte": ((("byte", 1e9),), "gb gib gigabyte gigabytes"),
    "terabyte": ((("byte", 1e12),), "tb tib terabyte terabytes"),
}

MEASURES: dict[str, tuple[Measure, ...]] = {name: measures for name, (measures, _) in _UNITS.items()}
"""Unit → the dimensions it may mean: `pound` is money or weight."""

UNIT_WORDS: dict[str, str] = {word: name for name, (_, words) in _UNITS.items() for word in words.split()}
"""Word as written, in small letters → unit; the same for all languages."""

_UNIT_WORDS_OF: dict[str, dict[str, str]] = {
    "fr": {"an": "year", "cent": ""},
    "en": {"cent": "cent", "p": "penny", "an": ""},
    "de": {"cent": "cent", "std": "hour"},
    "es": {"cent": ""},
}

GERMAN_UNIT_ENDS: tuple[tuple[str, str], ...] = tuple(
    (end, name)
    for name, ends in (
        ("working day", "arbeitstage arbeitstag arbeitstagen werktage werktag werktagen"),
        ("calendar day", "kalendertage kalendertag kalendertagen"),
        ("day", "tage tagen tag tägige tägigen tägiger tägiges tägigem tägig"),
        ("hour", "stunden stunde stündige stündigen stündiger stündig"),
        ("minute", "minuten minute minütige minütigen minütiger"),
        ("week", "wochen woche wöchige wöchigen wöchiger wöchig"),
        ("month", "monate monaten monat monatige monatigen monatiger monatig"),
        ("year", "jahre jahren jahr jährige jährigen jähriger jähriges jährig"),
    )
    for end in ends.split()
)
"""Ends of German compounds and adjectives that are units, the more exact ones first."""

WORKING = frozenset(
    "working work business banking bank ouvré ouvrés ouvrable ouvrables hábil hábiles laborable laborables lavorativi".split()  # noqa: SIM905
)
CALENDAR = frozenset("calendar calendaire calendaires natural naturales civil consecutive".split())  # noqa: SIM905
"""Words beside a day that say which days are counted."""

MAGNITUDES = {
    word: 10.0**power
    for power, words in (
        (3, "k thousand tausend mille mil tsd duizend mila"),
        (6, "million millions mio millionen millón millones milione milioni mn"),
        (9, "billion billions bn mrd milliarde milliarden milliard milliards miliardo miliardi"),
    )
    for word in words.split()
}

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar jänner janvier enero gennaio januari janeiro",
            "february feb februar février fevrier febrero febbraio februari fevereiro",
            "march mar märz maerz mars marzo maart março",
            "april apr avril abril aprile",
            "may mai mayo maggio mei maio",
            "june jun juni juin junio giugno junho",
            "july jul juli juillet julio luglio julho",
            "august aug août aout agosto augustus",
            "september sep sept septembre septiembre settembre setembro",
            "october oct oktober okt octobre octubre ottobre outubro",
            "november nov novembre noviembre novembro",
            "december dec dezember dez décembre decembre diciembre dicembre dezembro",
        ),
        start=1,
    )
    for name in names.split()
}
AMBIGUOUS_MONTHS = frozenset("mar mars may mai sept jan sep march jun dec mei".split())  # noqa: SIM905
"""Also words or names: a month only beside a number, or after a word such as "in"."""

WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "monday mondays montag montags lundi lundis lunes lunedì",
            "tuesday tuesdays dienstag dienstags mardi mardis martes martedì",
            "wednesday wednesdays mittwoch mittwochs mercredi mercredis miércoles mercoledì",
            "thursday thursdays donnerstag donnerstags jeudi jeudis jueves giovedì",
            "friday fridays freitag freitags vendredi vendredis viernes venerdì",
            "saturday saturdays samstag samstags sonnabend samedi samedis sábado sábados sabato",
            "sunday sundays sonntag sonntags dimanche dimanches domingo domingos domenica",
        )
    )
    for name in names.split()
}
WEEKDAY_SHORTS = {"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6}

_ONES = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen"
    " nineteen",
    "de": "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn"
    " neunzehn",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho"
    " diecinueve",
}
_TENS = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "de": "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    "fr": "vingt trente quarante cinquante soixante",
    "es": "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
}
_MORE = {
    "en": "hundred=100 dozen=12",
    "de": "hundert=100 einhundert=100 dreissig=30 dutzend=12 zwo=2"
    + "".join(f" {one}hundert={100 * n}" for n, one in enumerate("zwei drei vier fünf sechs sieben acht neun".split(), 2)),  # noqa: SIM905
    "fr": "cent=100 quatre-vingts=80 quatre-vingt=80 douzaine=12 quinzaine=15"
    + "".join(
        f" {one}-cent{s}={100 * n}"
        for n, one in enumerate("deux trois quatre cinq six sept huit neuf".split(), 2)  # noqa: SIM905
        for s in ("", "s")
    ),
    "es": "cien=100 ciento=100 doscientos=200 doscientas=200 trescientos=300 trescientas=300 cuatrocientos=400 quinientos=500"
    " quinientas=500 seiscientos=600 setecientos=700 ochocientos=800 novecientos=900 docena=12 veintiún=21",
}
_ORDINALS = {
    "en": "third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth",
    "de": "dritt viert fünft sechst siebt acht neunt zehnt elft zwölft",
    "fr": "troisième quatrième cinquième sixième septième huitième neuvième dixième onzième douzième",
    "es": "tercer cuart quint sext séptim octav noven décim undécim duodécim",
}
_ORDINAL_ENDS = {"en": ("",), "de": ("e", "en", "er", "es", "em"), "fr": ("",), "es": ("o", "a", "")}

_LOOSE = {
    "en": "a=1 an=1 one=1 per=1 each=1 every=1 single=1 once=1 first=1 second=2 twice=2 double=2 both=2 half=0.5",
    "de": "ein=1 eine=1 einen=1 einem=1 einer=1 eines=1 pro=1 je=1 jede=1 jeden=1 jedes=1 jeder=1 einmal=1 erste=1 ersten=1 erster=1"
    " zweite=2 zweiten=2 zweiter=2 zweimal=2 doppelt=2 beide=2 beiden=2 halb=0.5 halbe=0.5 halben=0.5 hälfte=0.5 dreimal=3",
    "fr": "un=1 une=1 par=1 chaque=1 premier=1 première=1 deuxième=2 second=2 seconde=2 double=2 moitié=0.5 demi=0.5 demie=0.5",
    "es": "un=1 una=1 uno=1 por=1 cada=1 al=1 primer=1 primero=1 primera=1 segundo=2 segunda=2 doble=2 ambos=2 mitad=0.5 medio=0.5"
    " media=0.5",
}


@cache
def unit_words(language: str) -> dict[str, str]:
    """Word as written, in small letters → unit, in one language."""
    merged = UNIT_WORDS | _UNIT_WORDS_OF.get(language, {})
    return {word: unit for word, unit in merged.items() if unit}


@cache
def number_words(language: str) -> dict[str, float]:
    """Words and phrases, parts joined by one space → number; English, German, French, Spanish."""
    if language not in _ONES:
        return {}
    ones = _ONES[language].split()
    made: dict[str, float] = {word: float(number) for number, word in enumerate(ones)}
    for at, ten in enumerate(_TENS[language].split(), 2):
        made[ten] = 10.0 * at
        for number in range(1, 10):
            for phrase in _joined(language, ten, ones[number], number):
                made[phrase] = 10.0 * at + number
    if language == "fr":
        made |= _french_seventy_on(ones)
    for pair in _MORE[language].split():
        word, _, number = pair.partition("=")
        made[word] = float(number)
    for word in _LOOSE[language].split():
        made.pop(word.partition("=")[0], None)
    return {word.replace("-", " "): number for word, number in made.items()}


@cache
def ordinal_words(language: str) -> dict[str, float]:
    """`third` and so on; the first two are loose words."""
    pairs = product(enumerate(_ORDINALS.get(language, "").split(), 3), _ORDINAL_ENDS.get(language, ()))
    return {stem + end: float(number) for (number, stem), end in pairs}


@cache
def loose_words(language: str) -> dict[str, float]:
    """Words that may stand for a number, and mostly do not (`a`, `first`, `half`)."""
    pairs = (pair.partition("=") for pair in _LOOSE.get(language, "").split())
    return {word: float(number) for word, _, number in pairs}


def _joined(language: str, ten: str, one: str, number: int) -> tuple[str, ...]:
    if language == "en":
        return (f"{ten} {one}",)
    if language == "de":
        return (f"{'ein' if number == 1 else one}und{ten}",)
    if language == "fr":
        return (f"{ten} {one}", f"{ten} et {one}")
    accents = {"veintidos": "veintidós", "veintitres": "veintitrés", "veintiseis": "veintiséis"}
    if ten == "veinte":
        word = f"veinti{one}"
        return (word, accents.get(word, word))
    return (f"{ten} y {one}",)


def _french_seventy_on(ones: list[str]) -> dict[str, float]:
    made: dict[str, float] = {}
    for number in range(10, 20):
        made[f"soixante {ones[number]}"] = made[f"soixante et {ones[number]}"] = 60.0 + number
        made[f"quatre vingt {ones[number]}"] = 80.0 + number
    for number in range(1, 10):
        made[f"quatre vingt {ones[number]}"] = 80.0 + number
    return made
