import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmground.guard.personal import personal_data

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


@given(st.one_of(st.text(), st.text(alphabet="+0123456789 ()-./:@aAZ=,x")))
def test_spans_lie_in_the_text_and_do_not_overlap(text: str) -> None:
    spans = personal_data(text)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(before.end <= after.start for before, after in itertools.pairwise(spans))
