import itertools
import sys
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from firmground.guard.personal import Detector, personal_data
from firmground.settings_guard import KINDS

# Joined at run time, so that scanners do not take the examples for leaks.
GITHUB = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
AWS = "AKIA" + "Z7QXW3M5T9K2B8RD"


def found(text: str) -> list[tuple[str, str]]:
    return [(span.kind, text[span.start : span.end]) for span in personal_data(text)]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("email", "jane.doe+hr@mail.example.co.uk"),
        ("phone", "+49 (0)30 123456-78"),
        ("phone", "+1 415 555 2671"),
        ("phone", "0033 1 42 68 53 00"),
        ("phone", "(415) 555-2671"),
        ("phone", "030 / 1234 5678"),
        ("phone", "01 42 68 53 00"),
        ("iban", "DE89 3704 0044 0532 0130 00"),
        ("iban", "GB82WEST12345698765432"),
        (
            "card",
            "4111 1111 1111 1234".replace("1234", "1111").replace("4111 1111", "4012 8888").replace("1111 1111", "8888 1881"),
        ),
        ("card", "378282246310005"),
        ("ip", "192.168.17.4"),
        ("ip", "2001:db8:85a3::8a2e:370:7334"),
        ("secret", GITHUB),
        ("secret", AWS),
    ],
)
def test_a_value_is_found_at_its_place(kind: str, value: str) -> None:
    assert found(f"Write to {value}, please.") == [(kind, value)]


def test_a_labelled_number_needs_no_known_form() -> None:
    assert found("Phone: 2471 8809") == [("phone", "2471 8809")]
    assert found("Room 2471 8809") == []


def test_only_the_secret_of_an_assignment_is_marked() -> None:
    assert found('password = "Tr0ub4dor&3x9"') == [("secret", "Tr0ub4dor&3x9")]


@pytest.mark.parametrize(
    "text",
    [
        "Order 4111 1111 1111 1112 was sent.",  # fails Luhn
        "Reference 0000 0000 0000 0000.",
        "DE89 3704 0044 0532 0130 01",  # fails modulo 97
        "See section 6.4.5.1 and version 10.2.3.4.",
        "Localhost is 127.0.0.1, the mask 255.255.255.0.",
        "On 03.05.2024 and 2024-05-03 at 10:30:15.",
        "Article 2016/679 of 27 April 2016, pages 100-200.",
        "ISBN 978-3-16-148410-0",
        "password: your_password_here",
        "api_key: <API_KEY>",
        "Set token: $TOKEN or token = xxxxxxxxxxxx.",
        "The password must have 12 characters.",
        "Ask @jane or write to user@localhost.",
        "std::vector::size and a::b",
        "The budget is 1 250 000 EUR for 10 000 people.",
        "https://example.org/item/4155552671/0301234567",
    ],
)
def test_look_alikes_are_left_alone(text: str) -> None:
    assert found(text) == []


def test_a_private_key_is_one_secret() -> None:
    key = "-----BEGIN RSA PRIVATE " + "KEY-----\n" + "MIIEpAIBAAKCAQEA7\n" * 4 + "-----END RSA PRIVATE KEY-----"
    assert found(f"x\n{key}\ny") == [("secret", key)]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Mail jürgen@müller.example today", "email", "jürgen@müller.example"),
        ("Mail jane (at) example.com today", "email", "jane (at) example.com"),
        ("Mail jane [at] example [dot] com today", "email", "jane [at] example [dot] com"),
        ("Mail jane&#64;example.com today", "email", "jane&#64;example.com"),
        ("Call me on 655 437 108 after six", "phone", "655 437 108"),
        ("Mobile:\n078 8098 1119", "phone", "078 8098 1119"),
        ("Anruf unter 2471 8809", "phone", "2471 8809"),
        ("(898) 666-3621 x0135", "phone", "(898) 666-3621 x0135"),
        ("my card 3519833257665853 is lost", "card", "3519833257665853"),
        ("paid with 4012 8888 8888 1881 12/26 123", "card", "4012 8888 8888 1881"),
        ("iban gb82west12345698765432", "iban", "gb82west12345698765432"),
        ("ES91 2100 0418 4502 0005 1332 this is mine", "iban", "ES91 2100 0418 4502 0005 1332"),
        ("born on 4 May 1985 in Leeds", "birth_date", "4 May 1985"),
        ("born in Leeds, 7/14/1995", "birth_date", "7/14/1995"),
        ("| Date of birth | 1985-05-03 |", "birth_date", "1985-05-03"),
        ("Geburtsdatum: 03.05.1985", "birth_date", "03.05.1985"),
        ("geboren am 3. März 1985", "birth_date", "3. März 1985"),
        ("née le 3 mai 1985", "birth_date", "3 mai 1985"),
        ("nacida el 3 de mayo de 1985", "birth_date", "3 de mayo de 1985"),
        ("nato il 3 maggio 1985", "birth_date", "3 maggio 1985"),
        ("my password is Tr0ub4dor&3x9 now", "secret", "Tr0ub4dor&3x9"),
        ("postgres://app:S3cr3tPw@db:5432/x", "secret", "S3cr3tPw"),
        ("Authorization: Bearer abc123DEF456ghi789", "secret", "abc123DEF456ghi789"),
        ("glpat" + "-a1B2c3D4e5F6g7H8i9J0 leaked", "secret", "glpat" + "-a1B2c3D4e5F6g7H8i9J0"),
    ],
)
def test_what_stands_around_a_value_tells_it(text: str, kind: str, value: str) -> None:
    assert (kind, value) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "Order 100250399 of 2024-2025, batch 10 02 2024.",
        "ISBN 978-0-306-40615-7 and EAN 4006381333931",
        "UUID 550e8400-e29b-41d4-a716-446655440000",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
        "Prices: 1,250,000.00 EUR, $4,111.11 and 12 500 000",
        "12:30:45 on 12 03 2024; build 20240312.4; 2024-03-12T10:20:30+00:00",
        "Table: 1990 | 1991 | 1992 | 1993 | 1994",
        "The network 10.20.0.0/16 and DOI 10.1000/182-2024",
        "The company was born in 1985; a birthday cake costs 12.50.",
        "The treaty was signed on 3 May 1985.",
        "born on 45 May 1985, or 31.02.1985",
        "The keynote: 20240312 people. A token of 100 euros.",
        "password: correct horse; passwords are long",
        "def token(value): return keys[12345678]",
        "11111111111 and 123456789 and 999-99-9999",
        "See Cell 2002 109, and call 2002 109 of them; the text 2002 109.",
        "Windows 11 23H2, Python 3.11.7, RFC 2616-2617",
    ],
)
def test_numbers_of_other_things_are_left_alone(text: str) -> None:
    assert found(text) == []


def test_an_address_of_a_network_is_nobodys() -> None:
    assert found("10.20.0.0/16 but 10.20.0.7") == [("ip", "10.20.0.7")]


PIECES = st.sampled_from(
    [
        *(
            "jane@example.com",
            "+49 30 123456",
            "4012 8888 8888 1881",
            "DE89 3704 0044 0532 0130 00",
            "536-90-4399",
            "born 3 May 1985",
        ),
        *(
            "password: Tr0ub4dor&3x9",
            "10.20.0.7",
            "030",
            "１２３",
            "\u200b",
            "\u00a0",
            "\n",
            "|",
            "İ",
            "ß",
            "\ud800",
            "@",
            "://",
            "EMAIL_7KQ2MX7PA4",
        ),
        *(" ", "-", "Tel", "IBAN", "BSN", "Dear Mr Smith,", "12 Main Street"),
    ]
)


@given(st.one_of(st.text(), st.text(alphabet="+0123456789 ()-./:@aAZ=,x|\n"), st.lists(PIECES, max_size=30).map("".join)))
@example("İ" * 3 + "password: Tr0ub4dor&3x9")
@example("360426199901010071 000000000000000000")
def test_spans_lie_in_the_text_and_do_not_overlap(text: str) -> None:
    spans = Detector(kinds=KINDS, patterns=(("own", "[0-9]+", 0.5),)).find(text)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(before.end <= after.start for before, after in itertools.pairwise(spans))


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "1",
        "1 ",
        "@",
        "a@",
        "+1",
        "1.1",
        "A1",
        "key=",
        "born 1 ",
        "Tel 1",
        "é",
        "\u200b1",
        "4012 ",
        "-----BEGIN PRIVATE KEY-----",
        "Dear Mr A",
        "1 A",
    ],
)
def test_work_grows_in_proportion_to_the_text(unit: str) -> None:
    find = Detector(kinds=KINDS, patterns=(("own", "a+b", 0.5),)).find
    find(unit * 200)
    assert calls(lambda: find(unit * 4000)) < 2.6 * calls(lambda: find(unit * 2000)) + 200


def calls(work: Callable[[], object]) -> int:
    """How many functions are entered meanwhile."""
    entered = itertools.count()
    sys.setprofile(lambda frame, event, argument: event in {"call", "c_call"} and next(entered) and None)
    try:
        work()
    finally:
        sys.setprofile(None)
    return next(entered)
