from hypothesis import given
from hypothesis import strategies as st

from firmground.language.names import identifiers, names


def marked(text: str) -> list[str]:
    return [text[start:end] for start, end in identifiers(text)]


def called(text: str, language: str) -> list[tuple[str, ...]]:
    return [name.words for name in names(text, language)]


def test_addresses_numbers_and_codes_are_identifiers() -> None:
    text = (
        "Mail hr@example.org, see https://example.org/a?b=1, call +44 131 496 0199 or 0808 157 0177, order GAN-2 or SPD8 v2.3.1."
    )
    assert marked(text) == [
        "hr@example.org",
        "https://example.org/a?b=1",
        "+44 131 496 0199",
        "0808 157 0177",
        "GAN-2",
        "SPD8",
        "v2.3.1",
    ]


def test_hosts_and_names_of_files_are_identifiers_and_abbreviations_are_not() -> None:
    text = "Visit evil.example, www.staff-portal.co.uk/leave or 3m.com, and read leave.md."
    assert marked(text) == ["evil.example", "www.staff-portal.co.uk", "3m.com", "leave.md"]
    for text in ("e.g. two, i.e. both, z.B. im Mai, d.h. etc. and so on.", "the next year.Ask first", "p.ex. 5.5 days at 10.30"):
        assert marked(text) == []


def test_numbers_with_units_and_dates_are_none() -> None:
    for text in ("5 days, 5-day, 30kg, 3pm, 15h30", "2026-11-20", "20.11.2026", "1.000.000", "5-jährige", "10,000 miles"):
        assert marked(text) == []


def test_capitalised_words_are_names_but_for_the_first_of_a_sentence() -> None:
    assert called("Ask Rowan Baxter in Edinburgh. Then go.", "en") == [("Rowan", "Baxter"), ("Edinburgh",)]


def test_german_nouns_are_no_names() -> None:
    assert called("Die Tage bekommt Frau Petersen, oder Henning Clausen in der Küche.", "de") == [
        ("Petersen",),
        ("Henning", "Clausen"),
    ]
    assert called("Es gibt 5 Zentimeter Polster.", "de") == []


def test_a_headline_has_no_names() -> None:
    assert called("Annual Leave And Public Holidays", "en") == []


@given(st.text(max_size=300), st.sampled_from(["en", "de", "fr", ""]))
def test_any_text_can_be_read(text: str, language: str) -> None:
    for start, end in identifiers(text):
        assert 0 <= start < end <= len(text)
    for name in names(text, language):
        assert name.words
