"""What turns the meaning of a sentence around: negations, duty and permission, opposites. Word lists of four languages."""

import re
from functools import cache
from typing import NamedTuple


class Stance(NamedTuple):
    """What a stretch of text says besides its content words."""

    negated: bool
    """It says no in plain words: `not`, `never`, `kein`, `ne … pas`."""
    limits: frozenset[str]
    """Beginnings of its words that deny or restrict in another way: `without`, `only`, `forbidden`, `unless`, a `No.` before all."""
    must: bool
    may: bool
    sides: tuple[tuple[int, int, int, int], ...]
    """(group of opposites, which of them, start, end): `increase` and `decrease` are two sides of one group."""


_NOT_REALLY = {
    "en": r"\bnot only\b|\b(?:no|not) (?:more|less|fewer|later|longer|earlier|older) than\b|\bwhether or not\b|\bno matter\b"
    r"|\bwhy not\b|\bno\.\s?\d|^\W*no[,.:;]",
    "de": r"\bnicht nur\b|\bnicht (?:mehr|weniger|länger|später|älter) als\b|\bob oder nicht\b|\bwarum nicht\b|^\W*nein[,.:;]",
    "fr": r"\bnon seulement\b|\bpas (?:plus|moins|seulement) (?:de|d['’])|\bn['’]importe\b|\bpourquoi pas\b|^\W*non[,.:;]"
    r"|\bn(?:e\b|['’])(?:(?!\bpas\b)[^.;,]){0,40}\bqu(?:e\b|['’])",
    "es": r"\bno (?:solo|sólo)\b|\bpor qué no\b|\bno (?:más|menos) de\b|^\W*no[,.:;]",
}
_NOT = {
    "en": r"\bnot\b|n['’]t\b|\bcannot\b|\bnever\b|\bno\b|\bnone\b|\bnobody\b|\bnothing\b|\bneither\b|\bnor\b|\bnowhere\b",
    "de": r"\bnicht\b|\bkein\w{0,2}\b|\bnie\b|\bniemals\b|\bniemand\w{0,2}\b|\bnichts\b|\bweder\b|\bkeinesfalls\b",
    "fr": r"\bne\b|\bn['’]|\bpas\b|\bjamais\b|\baucune?\b|\brien\b|\bni\b",
    "es": r"\bno\b|\bnunca\b|\bjamás\b|\bning(?:ún|una|uno)\b|\bnada\b|\bnadie\b|\bni\b|\btampoco\b",
}
_LIMITS = {
    "en": "without except* exclud* exclusive* forbid* forbidden prohibit* ban banned bans refus* reject* declin* deny denied"
    " denies lack* fail*"
    " unable impossible invalid unless instead rather laps* expire* expir* free voluntar* optional* avoid* prevent* stop* cease* ceased"
    " block* lose loses lost missing absent exempt* only until hardly rarely seldom few little remov* drop* dropped replac*"
    " barring obsolete withdrawn disabled unpaid unavailable unsuitable unauthori* unlikely unused unlimited uncovered"
    " unacceptable uninsured in(?:valid|active|eligible|complete|correct|sufficient)"
    " disallow* disabl* discontinu* disqualif* [a-z]+less non[a-z]*",
    "de": "ohne außer ausgenommen ausgeschlossen ausnahme* verboten verbot* untersag* unzulässig* entfäll* entfallen entfällt"
    " abgelehnt ablehn*"
    " verfall* verfäll* erlisch* erlosch* ungültig* unzulässig* unmöglich* unwirksam* unbezahlt* unbefugt* unentgeltlich*"
    " fehl* statt sondern nur erst freiwillig* kostenlos* gesperrt abgeschafft selten"
    " kaum [a-zäöü]{4,}los [a-zäöü]{4,}lose[nrsm]? [a-zäöü]{3,}frei[a-z]{0,2} verzicht* verweiger* verhinder* wegfall*"
    " ausschließlich lediglich solange",
    "fr": "sans sauf interdi* exclu* exclut exception* refus* impossible* hors seulement uniquement gratuit* manque* lieu perd* expir*"
    " guère invalid* inadmissib* rejet* supprim* rarement cess* dispens*",
    "es": "sin salvo excepto excepción prohib* exclu* imposible* rechaz* gratis gratuit* solo sólo únicamente lugar falt* caduc*"
    " venc* apenas"
    " raramente inválid* inadmisib* elimin* deneg* evit* impid* pierd* exent*",
}
_MUST = {
    "en": "must shall required requires require mandatory obliged obligatory compulsory necessary (?:have|has|had|need|needs) to",
    "de": "muss müssen musst müsst mussten verpflichtet verpflichtend pflicht erforderlich notwendig vorgeschrieben zwingend"
    " obligatorisch",
    "fr": "doit doivent devez devons faut obligatoire* requis* nécessaire* tenus?",
    "es": "debe deben debemos debes hay\\sque tienen?\\sque obligatori* necesari* requiere*",
}
_MAY = {
    "en": "may can could might allowed permitted optional optionally voluntary possible (?:is|are)\\sfree\\sto",
    "de": "kann können könnt kannst darf dürfen dürft darfst erlaubt möglich freiwillig gestattet zulässig",
    "fr": "peut peuvent pouvez pouvons peux possible* permis* autorisé* facultati*",
    "es": "puede pueden podemos puedes posible* permitid* opcional* autorizad* voluntari*",
}
_OPPOSITES = {
    "en": """
        increas* rise rises rose risen rising grow grows grew grown growing growth raise* climb* gain*
        / decreas* fall falls fell fallen falling declin* drop* reduc* shrink* shrank lower* lowered cut
        before prior / after afterwards following
        earlier / later
        maximum / minimum
        always / sometimes / rarely seldom
        daily / weekly / fortnightly / monthly / quarterly / yearly annually annual
        include* includ* / exclud*
        accept* approv* / reject* refus* declin* deny denied
        buy* bought purchas* / sell* sold
        win wins won / lose loses lost
        high higher highest / low lower lowest
        longer longest / shorter shortest
        larger largest bigger biggest / smaller smallest
        faster fastest quicker / slower slowest
        more / less fewer
        most / least fewest
        above / below
        enable* / disabl*
        valid / invalid
        internal* / external*
        paid / unpaid
        positive* / negative*
        success* succeed* / fail*
        easy easier easily / difficult hard harder
        cheap cheaper cheapest / expensive dearer dearest
        open* / clos*
        begin begins began begun start* / end ends ended finish*
        first / last
        import* / export*
        gross / net
        best better / worst worse
        strong* / weak*
        inside indoors / outside outdoors
        add adds added adding / remov* delet*
        full / half partial
        public* / private*
        allow* permit* / forbid* forbidden prohibit*
        gold / silver / bronze
        arriv* / depart*
        summer / winter
        morning* / afternoon* / evening* / night
        improv* / worsen* deteriorat*
        agree* / disagree*
        support* / oppos*
        """,
    "de": """
        steig* stieg* erhöh* wächst wachsen wuchs zunehm* zunimmt / sink* sank* gesunken senk* fällt abnimmt verringer* reduzier*
        vor vorher zuvor / nach nachher danach
        früher / später
        maximal* höchstens / minimal* mindestens wenigstens
        immer stets / manchmal / selten
        täglich* / wöchentlich* / monatlich* / vierteljährlich* / jährlich*
        angenommen genehmig* akzeptier* / abgelehnt ablehn*
        kauf* gekauft / verkauf*
        hoch höher* hohe* / niedrig* tief
        länger* / kürzer*
        größer* / kleiner*
        mehr / weniger
        schneller* / langsamer*
        gültig* / ungültig*
        intern* / extern*
        positiv* / negativ*
        öffn* geöffnet offen / schließ* geschlossen
        beginn* begonnen anfang* / ende endet enden
        erste ersten erster / letzte letzten letzter
        brutto* / netto*
        beste* besser* / schlecht*
        innen innerhalb / außen außerhalb
        erlaub* gestatt* / verboten untersag* verbiet*
        voll volle vollen volles / halb halbe halben halbes
        morgens vormittag* / nachmittag* / abends abend
        """,
    "fr": """
        augment* hausse* croît croissance / diminu* baiss* rédui*
        avant / après
        maximum maximal* plus\\sgrand* / minimum minimal*
        toujours / parfois
        quotidien* / hebdomadaire* / mensuel* / trimestriel* / annuel*
        accept* approuv* / refus* rejet*
        achet* achat* / vend* vente*
        haut* élevé* / bas basse*
        interne* / externe*
        positi* / négati*
        ouvr* ouvert* / ferm*
        commenc* début* / fin finit termin*
        premier* première* / dernier* dernière*
        brut* / net nets nette*
        meilleur* / pire*
        inclu* compris* / exclu*
        """,
    "es": """
        aument* sub* crec* / disminu* baj* redu*
        antes / después
        máxim* / mínim*
        diari* / semanal* / mensual* / trimestral* / anual*
        acept* aprueb* aprob* / rechaz* deneg*
        compr* / vend* vent*
        alt* / baj*
        intern* / extern*
        positiv* / negativ*
        abr* abiert* / cierr* cerr*
        empiez* comienz* comenz* / termin* acab*
        primer* / últim*
        brut* / net*
        mejor* / peor*
        inclu* / exclu*
        """,
}
_CLAUSE = {
    "": r"[,;:()—–]|\s-\s",
    "en": r"|\b(?:but|and|or|because|unless|although|while|which|where|whereas|then|if|when)\b",
    "de": r"|\b(?:aber|und|oder|weil|sondern|obwohl|während|wenn|falls|dann)\b",
    "fr": r"|\b(?:mais|et|ou|car|si|quand|lorsque|qui|puis|alors)\b",
    "es": r"|\b(?:pero|y|o|porque|aunque|si|cuando|mientras|luego|sino)\b",
}


_LIGHT = {
    "en": "must shall required have need needs may can could might allowed permitted should anyone anything anybody everyone"
    " everybody someone"
    " something nothing nobody none never neither cannot least most maximum minimum automatically also further"
    " additionally another other"
    " within per one please however therefore still already always way get gets given give make makes made take takes"
    " taken use used using",
    "de": "muss müssen darf dürfen kann können soll sollen niemand nie niemals mindestens höchstens maximal jemand etwas"
    " automatisch außerdem"
    " zudem weitere bitte jedoch bereits immer pro innerhalb spätestens bekommen erhalten gilt gelten gibt beträgt",
    "fr": "doit doivent peut peuvent faut jamais rien aucun maximum minimum moins plus automatiquement également autre toujours"
    " déjà chaque",
    "es": "debe deben puede pueden nunca nada nadie ningún máximo mínimo menos automáticamente además otro siempre cada hay",
}


_PLAIN_NO = re.compile(r"^\W*(no|nein|non)[,.:;]")


@cache
def light_words(language: str) -> frozenset[str]:
    """Words in small letters whose sense is compared here, as a stance, or that restating adds: not as content."""
    return frozenset(_LIGHT.get(language, "").split())


def stance(text: str, language: str) -> Stance:
    """What `text` says besides its content words; a language without lists gives an empty stance."""
    if language not in _NOT:
        return Stance(False, frozenset(), False, False, ())
    cues = _cues(language)
    plain = text.casefold()
    without = cues.not_really.sub(" ", plain)
    return Stance(
        negated=bool(cues.negation.search(without)),
        limits=frozenset(found[0][:5] for found in cues.limits.finditer(plain)) | frozenset(_PLAIN_NO.findall(plain)),
        must=bool(cues.must.search(plain)),
        may=bool(cues.may.search(plain)),
        sides=tuple((*_side(found), *found.span()) for found in cues.opposites.finditer(plain)),
    )


def denied(text: str, language: str) -> str:
    """What a clause denies: the text after its first negation, or all of it where nothing follows; empty where it denies nothing."""
    if language not in _NOT:
        return ""
    cues = _cues(language)
    plain = cues.not_really.sub(lambda found: " " * len(found[0]), text.casefold())
    found = cues.negation.search(plain)
    if not found:
        return ""
    return plain[found.end() :].strip(" .") or plain


def clauses(text: str, language: str) -> list[str]:
    """The parts of a sentence between commas, brackets and joining words; never empty strings."""
    return [part for part in _clause(language).split(text) if part.strip()]


class _Cues(NamedTuple):
    not_really: re.Pattern[str]
    negation: re.Pattern[str]
    limits: re.Pattern[str]
    must: re.Pattern[str]
    may: re.Pattern[str]
    opposites: re.Pattern[str]


@cache
def _cues(language: str) -> _Cues:
    sides = [
        f"(?P<s{group}_{side}>{_either(words)})"
        for group, line in enumerate(_groups(_OPPOSITES[language]))
        for side, words in enumerate(line)
    ]
    return _Cues(
        re.compile(_NOT_REALLY[language]),
        re.compile(_NOT[language]),
        re.compile(rf"\b(?:{_either(_LIMITS[language])})\b"),
        re.compile(rf"\b(?:{_either(_MUST[language], spaced=True)})\b"),
        re.compile(rf"\b(?:{_either(_MAY[language], spaced=True)})\b"),
        re.compile(rf"\b(?:{'|'.join(sides)})(?!\w)"),
    )


@cache
def _clause(language: str) -> re.Pattern[str]:
    return re.compile(_CLAUSE[""] + _CLAUSE.get(language, ""), re.I)


def _groups(text: str) -> list[list[str]]:
    """One group a line, or more lines of which the later begin with a slash."""
    lines = " \n".join(line.strip() for line in text.strip().splitlines()).replace(" \n/", " /")
    return [line.split("/") for line in lines.splitlines()]


def _either(words: str, *, spaced: bool = False) -> str:
    parts = re.split(r" (?!to\b)", words.strip()) if spaced else words.split()
    return "|".join(part.removesuffix("*") + r"\w*" if part.endswith("*") else part for part in parts)


def _side(found: re.Match[str]) -> tuple[int, int]:
    group, _, side = (found.lastgroup or "s0_0")[1:].partition("_")
    return int(group), int(side)
