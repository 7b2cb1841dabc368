import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmground.language.quantities import Number, agree, numbers


def only(text: str, language: str = "en") -> Number:
    found = [number for number in numbers(text, language) if not number.loose]
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("one", "language", "other", "other_language"),
    [
        ("5 days", "en", "five days", "en"),
        ("a 5-day course", "en", "five days", "en"),
        ("1,000 people", "en", "1000 people", "en"),
        ("1.000 Personen", "de", "1,000 people", "en"),
        ("1 000 personnes", "fr", "1000 people", "en"),
        ("1.5k users", "en", "1,500 users", "en"),
        ("£22.3 million", "en", "22,300,000 pounds", "en"),
        ("2,5 Millionen Euro", "de", "€2.5 million", "en"),
        ("50 %", "en", "50 percent", "en"),
        ("50 %", "en", "50 per cent", "en"),
        ("50 Prozent", "de", "50 pour cent", "fr"),
        ("50 %", "en", "0.5", "en"),
        ("24 months", "en", "two years", "en"),
        ("14 Tage", "de", "two weeks", "en"),
        ("90 minutes", "en", "1.5 hours", "en"),
        ("30 cents", "en", "€0.30", "en"),
        ("98 Euro", "de", "98 €", "de"),
        ("fünfundzwanzig Tage", "de", "25 days", "en"),
        ("fünftägig", "de", "5 days", "en"),
        ("14-tägig", "de", "14 days", "en"),
        ("10 Arbeitstage", "de", "10 working days", "en"),
        ("10 jours ouvrés", "fr", "10 días hábiles", "es"),
        ("quatre-vingt-dix-neuf euros", "fr", "99 euros", "en"),
        ("soixante et onze jours", "fr", "71 days", "en"),
        ("treinta y cinco días", "es", "35 days", "en"),
        ("veintidós días", "es", "22 days", "en"),
        ("two hundred and fifty days", "en", "250 days", "en"),
        ("deux cents jours", "fr", "200 days", "en"),
        ("about 100 km", "en", "98 km", "en"),
        ("5 days", "en", "5 calendar days", "en"),
    ],
)
def test_the_same_number_in_other_words(one: str, language: str, other: str, other_language: str) -> None:
    assert agree(only(one, language), only(other, other_language)) == "same"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5 days", "5 weeks"),
        ("£5", "€5"),
        ("10 working days", "10 calendar days"),
        ("8 %", "8 percentage points"),
        ("12 days", "twelve parts"),
        ("5 mm", "5 cm"),
    ],
)
def test_the_same_number_of_something_else(one: str, other: str) -> None:
    assert agree(only(one), only(other)) == "unit"


@pytest.mark.parametrize(("one", "other"), [("5 days", "6 days"), ("1.5 hours", "15 hours"), ("100 km", "98 km")])
def test_another_number_is_told_from_it(one: str, other: str) -> None:
    assert agree(only(one), only(other)) == "none"


@pytest.mark.parametrize(
    ("text", "language", "bound"),
    [
        ("at least 5 days", "en", "least"),
        ("no less than 5 days", "en", "least"),
        ("more than £5", "en", "least"),
        ("no more than 5 days", "en", "most"),
        ("up to 5 days", "en", "most"),
        ("5 days or more", "en", "least"),
        ("5 days", "en", ""),
        ("mindestens 5 Tage", "de", "least"),
        ("nicht mehr als 5 Tage", "de", "most"),
        ("bis zu 5 Tage", "de", "most"),
        ("au moins 5 jours", "fr", "least"),
        ("pas plus de 5 jours", "fr", "most"),
        ("al menos 5 días", "es", "least"),
        ("como máximo 5 días", "es", "most"),
    ],
)
def test_a_bound_belongs_to_its_number(text: str, language: str, bound: str) -> None:
    assert only(text, language).bound == bound


def test_two_numbers_share_the_unit_of_the_second() -> None:
    assert [number.unit for number in numbers("from 4 to 6 weeks", "en")] == ["week", "week"]


def test_an_article_is_a_loose_number_and_only_before_a_unit() -> None:
    assert [number.loose for number in numbers("one day a week for a friend", "en")] == [True, True]


def test_an_ordinal_counts_nothing() -> None:
    assert (only("the third day").values, only("the third day").unit) == ((3.0,), "")
    assert only("the 3rd day").unit == ""


@given(st.text(max_size=300), st.sampled_from(["en", "de", "fr", "es", "ja", ""]))
def test_any_text_can_be_read(text: str, language: str) -> None:
    for number in numbers(text, language):
        assert 0 <= number.start < number.end <= len(text)
        assert number.values
        assert agree(number, number) == "same"


@given(
    st.lists(
        st.sampled_from(
            ["5", "1.000", "1,5", " ", "-", "–", "days", "%", "€", "two", "hundred", "and", "half", "k", "of", "to", "'"]
        )
    )
)
def test_pieces_of_numbers_can_be_read(parts: list[str]) -> None:
    for language in ("en", "de", "fr", "es"):
        for text in ("".join(parts), " ".join(parts)):
            assert all(number.end <= len(text) for number in numbers(text, language))
