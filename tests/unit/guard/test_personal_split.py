"""Values that are split over lines or cells, drawn in other digits, or broken by signs that nobody sees; and placeholders."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmground.guard.personal import personal_data
from firmground.guard.personal.reading import Reading
from firmground.guard.redaction import placeholder, redacted

VALUES = [
    ("email", "jane.doe@example.com"),
    ("phone", "+49 30 123456"),
    ("card", "4012888888881881"),
    ("iban", "DE89370400440532013000"),
    ("ip", "192.168.17.4"),
    ("national_id", "536-90-4399"),
]
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u202e\U000e0041"


def found(text: str) -> list[tuple[str, str]]:
    return [(span.kind, text[span.start : span.end]) for span in personal_data(text)]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("IBAN DE89 3704 0044\n0532 0130 00.", "iban", "DE89 3704 0044\n0532 0130 00"),
        ("IBAN DE89 3704\n  0044 0532\n  0130 00.", "iban", "DE89 3704\n  0044 0532\n  0130 00"),
        ("| IBAN | DE89 | 3704 | 0044 | 0532 | 0130 | 00 |", "iban", "DE89 | 3704 | 0044 | 0532 | 0130 | 00"),
        ("Paid by 4012 8888\n8888 1881.", "card", "4012 8888\n8888 1881"),
        ("| Card | 4012 | 8888 | 8888 | 1881 |", "card", "4012 | 8888 | 8888 | 1881"),
        ("| Ada | 030 1234567 | Berlin |", "phone", "030 1234567"),
        ("| Phone | 2471 8809 |", "phone", "2471 8809"),
        ("SSN\n536904399", "national_id", "536904399"),
        ("Tel.:\n\n2471 8809", "phone", "2471 8809"),
    ],
)
def test_a_value_is_found_over_lines_and_cells(text: str, kind: str, value: str) -> None:
    assert found(text) == [(kind, value)]


def test_numbers_that_only_stand_below_each_other_are_none() -> None:
    assert found("4012\n8888\n8888\n1882") == []
    assert found("| 4012 | 8888 | 8888 | 1881 |") == []
    assert found("2471\n8809") == []


@given(st.sampled_from(VALUES), st.data())
def test_signs_that_nobody_sees_hide_nothing(value: tuple[str, str], data: st.DataObject) -> None:
    kind, plain = value
    at = data.draw(st.lists(st.integers(1, len(plain) - 1), min_size=1, max_size=5, unique=True))
    sign = data.draw(st.sampled_from(INVISIBLE))
    broken = "".join((sign if place in at else "") + each for place, each in enumerate(plain))
    assert found(f"é \u200b x {broken} y") == [(kind, broken)]


@pytest.mark.parametrize(("kind", "plain"), VALUES)
def test_full_width_signs_are_the_same_signs(kind: str, plain: str) -> None:
    wide = "".join(chr(ord(each) + 0xFEE0) if each > " " else "\u3000" for each in plain)
    assert found(f"x {wide} y") == [(kind, wide)]


@pytest.mark.parametrize("zero", ["\u0660", "\u06f0", "\u0966", "\U0001d7ce"])
def test_digits_of_other_scripts_are_digits(zero: str) -> None:
    drawn = "".join(chr(ord(zero) + int(each)) if each.isdigit() else each for each in "+49 30 123456")
    assert found(f"x {drawn} y") == [("phone", drawn)]


@pytest.mark.parametrize(
    "text", ["+49\u00a030\u00a0123456", "+49\u202f30 123456", "536\u201190\u20114399", "536\u201390\u20134399"]
)
def test_other_spaces_and_dashes_are_spaces_and_dashes(text: str) -> None:
    assert [value for _, value in found(text)] == [text]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("身份证号360426199101010071吗", "national_id", "360426199101010071"),
        ("电话13812345678。", "phone", "13812345678"),
        ("電話番号は+81 3-1234-5678です", "phone", "+81 3-1234-5678"),
        ("카드4012888888881881입니다", "card", "4012888888881881"),
        ("口座DE89370400440532013000へ", "iban", "DE89370400440532013000"),
        ("โทร02 123 4567", "phone", "02 123 4567"),
    ],
)
def test_a_number_needs_no_space_where_a_script_has_none(text: str, kind: str, value: str) -> None:
    assert found(text) == [(kind, value)]


@given(st.text(alphabet="a1\u200bİ\u00ad９ ", max_size=40))
def test_every_place_of_what_is_read_is_a_place_of_the_original(text: str) -> None:
    reading = Reading(text)
    placed = [reading.place(at, at + 1) for at in range(len(reading.text))]
    assert all(end == start + 1 for start, end in placed)
    assert [Reading(text[start:end]).text for start, end in placed] == list(reading.text)
    assert len(reading.lower) == len(reading.text)


@given(
    st.sampled_from(["email", "phone", "national_id", "secret", "birth_date"]),
    st.text(max_size=20),
    st.binary(min_size=16, max_size=16),
)
def test_a_placeholder_is_never_personal_data(kind: str, value: str, key: bytes) -> None:
    stands = placeholder(key, kind, value)
    for text in (stands, f"token: {stands}", f"Tel {stands}, IBAN {stands}", f"password={stands}", f"call 030 {stands}"):
        assert personal_data(text) == []


def test_text_that_was_redacted_holds_nothing_more() -> None:
    text = ", ".join(value for _, value in VALUES) + " and password: Tr0ub4dor&3x9"
    once = redacted(b"k" * 32, text, personal_data(text))
    assert len(once.values) == len(VALUES) + 1
    assert personal_data(once.text) == []


@pytest.mark.parametrize(
    "written",
    [
        "erika.muster@\nfirma-nord.example",
        "erika.muster@\r\n  firma-nord.example",
        "erika.muster@firma-\nnord.example",
        r"erika.muster\@firma-nord.example",
        r"erika\.muster@firma\-nord\.example",
        "**erika.muster**@firma-nord.example",
        "`erika.muster`@`firma-nord.example",
        "erika.muster&#64;firma-nord.example",
    ],
)
def test_an_address_is_one_however_lines_and_marks_part_it(written: str) -> None:
    text = f"Write to {written} soon."
    [span] = personal_data(text)
    assert (span.kind, text[span.start : span.end]) == ("email", written.removeprefix("**").removeprefix("`"))
    assert placeholder(b"k", "email", text[span.start : span.end]) == placeholder(
        b"k", "email", "Erika.Muster@firma-nord.example"
    )


@pytest.mark.parametrize(
    "text", ["Write to jane_doe@firma.example.\nNext line.", "- jane_doe@firma.example\n- nobody", "x -\njane_doe@firma.example"]
)
def test_an_address_ends_with_its_line_otherwise(text: str) -> None:
    [span] = personal_data(text)
    assert text[span.start : span.end] == "jane_doe@firma.example"


def test_names_with_escaped_signs_are_whole() -> None:
    text = r"Ask jane\_van\-doe@firma.example."
    [span] = personal_data(text)
    assert text[span.start : span.end] == r"jane\_van\-doe@firma.example"


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("Call +44 20 7946\n0123 now", "+44 20 7946\n0123"),
        ("Tel. 030\n1234567 now", "030\n1234567"),
        ("Phone: +49 (0)30\n> 123 456 78", "+49 (0)30\n> 123 456 78"),
        ("today 555-867-\r\n5309 or never", "555-867-\r\n5309"),
        ("Call (415)\n555-2671 now", "(415)\n555-2671"),
    ],
)
def test_a_phone_number_may_end_in_the_next_line(text: str, phone: str):
    assert found(text) == [("phone", phone)]


@pytest.mark.parametrize(
    "text",
    [
        "Tel. 2471 8809\n42 people work here.",
        "Call +44 20 7946 0123\n12 times.",
        "Floors 12\n345678 parts in all",
        "Rooms 030\n1234567 are closed.",
        "1. Call them.\n2. Pay 300\n3. Go 4500",
    ],
)
def test_what_begins_the_next_line_is_no_part_of_a_number_that_is_whole(text: str):
    assert all("\n" not in value for _, value in found(text))
