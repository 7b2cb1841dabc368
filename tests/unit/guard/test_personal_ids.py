"""Numbers that states give to persons: made up, or the examples of the authorities."""

import pytest

from firmground.guard.personal import Detector

FIND = Detector().find


def ids(text: str) -> list[str]:
    return [text[span.start : span.end] for span in FIND(text) if span.kind == "national_id"]


@pytest.mark.parametrize(
    ("country", "said", "value"),
    [
        ("United States", "SSN", "536-90-4399"),
        ("United States", "social security number", "536904399"),
        ("United Kingdom", "NI number", "AB 12 34 56 C"),
        ("United Kingdom", "NHS number", "943 476 5870"),
        ("Germany", "Steuer-ID", "36574261809"),
        ("Germany", "Sozialversicherungsnummer", "15 070649 C 103"),
        ("France", "NIR", "2 95 10 99 126 111 93"),
        ("Italy", "codice fiscale", "RCCMNL83S18D969H"),
        ("Spain", "DNI", "54.362.315-K"),
        ("Spain", "NIE", "X-2482300W"),
        ("Netherlands", "BSN", "111222333"),
        ("Belgium", "rijksregisternummer", "85.07.30-033.28"),
        ("Poland", "PESEL", "44051401359"),
        ("Portugal", "NIF", "123456789"),
        ("Sweden", "personnummer", "880320-0016"),
        ("Finland", "henkilötunnus", "131052-308T"),
        ("Denmark", "CPR-nummer", "211062-5629"),
        ("Norway", "fødselsnummer", "15108695088"),
        ("Austria", "Sozialversicherungsnummer", "1237 010180"),
        ("Switzerland", "AHV", "756.9217.0769.85"),
        ("India", "Aadhaar", "2341 2341 2346"),
        ("India", "PAN", "ACUPA7085R"),
        ("Brazil", "CPF", "390.533.447-05"),
        ("Czechia", "rodné číslo", "710319/2745"),
        ("Romania", "CNP", "1630615123457"),
        ("Croatia", "OIB", "33392005961"),
        ("Estonia", "isikukood", "36805280109"),
        ("Bulgaria", "EGN", "7523169263"),
        ("Greece", "AMKA", "01013099997"),
        ("Ireland", "PPS", "6433435F"),
        ("Slovenia", "EMŠO", "0101006500006"),
        ("Iceland", "kennitala", "450401-3150"),
        ("Türkiye", "TCKN", "17291716060"),
        ("South Africa", "RSA ID", "7503305044089"),
        ("Mexico", "CURP", "BOXW310820HNERXN09"),
        ("Chile", "RUT", "12.531.909-2"),
        ("China", "resident identity", "360426199101010071"),
        ("Korea", "RRN", "971013-9019902"),
        ("Australia", "TFN", "123 456 782"),
        ("Canada", "SIN", "123-456-782"),
        ("New Zealand", "IRD", "49-098-576"),
        ("Singapore", "NRIC", "S1234567D"),
        ("Lithuania", "asmens kodas", "33309240064"),
        ("Latvia", "personas kods", "161175-19997"),
        ("Israel", "teudat zehut", "123456782"),
        ("Japan", "マイナンバー", "1234 5678 9018"),
    ],
)
def test_a_number_is_found_beside_the_word_for_it(country: str, said: str, value: str) -> None:
    assert ids(f"{said}: {value}.") == [value], country
    assert ids(f"| {said} | {value} | x |") == [value], country
    assert ids(f"{value} ({said})") == [value], country


@pytest.mark.parametrize(
    "value",
    [
        *(
            "536-90-4399",
            "AB123456C",
            "36 574 261 809",
            "RCCMNL83S18D969H",
            "54362315K",
            "X2482300W",
            "85.07.30-033.28",
            "131052-308T",
        ),
        *(
            "880320-0016",
            "756.9217.0769.85",
            "390.533.447-05",
            "710319/2745",
            "BOXW310820HNERXN09",
            "12.531.909-2",
            "360426199101010071",
        ),
    ],
)
def test_a_form_that_hardly_anything_else_has_needs_no_word(value: str) -> None:
    assert ids(f"We wrote {value} here.") == [value]


@pytest.mark.parametrize(
    "text",
    [
        "Order 111222333 and 44051401359, then 1630615123457.",
        "SSN 000-12-3456, 666-12-3456 or 900-12-3456",
        "BSN 111222334",
        "PESEL 44051401358",
        "codice fiscale RCCMNL83S18D969A",
        "DNI 54362315A",
        "AHV 756.9217.0769.86",
        "CPF 390.533.447-06",
        "CURP BOXW310820HNERXN08",
        "NINO BG123456A",
        "The social security office has 250 000 000 files and 12 345 678 letters.",
    ],
)
def test_plain_numbers_and_wrong_check_digits_are_none(text: str) -> None:
    assert ids(text) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("My driver's license number is U62928788557186.", "U62928788557186"),
        ("passport no. C01X00T47", "C01X00T47"),
        ("Reisepassnummer: C01X00T478", "C01X00T478"),
        ("Führerscheinnummer B072RRE2I55", "B072RRE2I55"),
    ],
)
def test_papers_are_known_by_the_word_before_their_number(text: str, value: str) -> None:
    assert ids(text) == [value]


def test_two_numbers_in_a_row_are_two() -> None:
    assert ids("PESEL 44051401359 02070803628") == ["44051401359", "02070803628"]


def test_a_number_that_no_region_gave_out_is_no_error() -> None:
    assert ids("身份证 999999199901010071") == []
