import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmground.language.polarity import clauses, denied, stance


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("You may not do it", "en"),
        ("They don't pay", "en"),
        ("There are no flights", "en"),
        ("Das ist nicht erlaubt", "de"),
        ("Es gibt keinen Zuschuss", "de"),
        ("Il n'est pas couvert", "fr"),
        ("Aucun vol", "fr"),
        ("No está cubierto", "es"),
        ("Nunca se paga", "es"),
    ],
)
def test_what_says_no(text: str, language: str) -> None:
    assert stance(text, language).negated


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("No more than 5 days", "en"),
        ("Not only this", "en"),
        ("No, it is", "en"),
        ("nicht mehr als 5 Tage", "de"),
        ("nicht nur das", "de"),
        ("Ils ne sont garantis qu'un an", "fr"),
        ("pas plus de 5 jours", "fr"),
        ("no más de 5 días", "es"),
        ("Knotty notes", "en"),
    ],
)
def test_what_only_seems_to(text: str, language: str) -> None:
    assert not stance(text, language).negated


def test_duty_and_choice() -> None:
    assert (stance("You must go", "en").must, stance("You must go", "en").may) == (True, False)
    assert stance("You have to go", "en").must
    assert stance("Sie dürfen gehen", "de").may
    assert stance("Il faut partir", "fr").must
    assert stance("Hay que salir", "es").must


def test_opposites_are_sides_of_one_group() -> None:
    (up,), (down,) = stance("Orders rose", "en").sides, stance("Orders fell", "en").sides
    assert up[0] == down[0]
    assert up[1] != down[1]


def test_what_a_clause_denies_comes_after_its_no() -> None:
    assert denied("trips need no approval", "en") == "approval"
    assert denied("trips need approval", "en") == ""


def test_clauses_hold_something() -> None:
    assert [part.strip() for part in clauses("One, two; (three) and four", "en")] == ["One", "two", "three", "four"]


@given(st.text(max_size=300), st.sampled_from(["en", "de", "fr", "es", "it", ""]))
def test_any_text_can_be_read(text: str, language: str) -> None:
    assert isinstance(stance(text, language).negated, bool)
    assert all(part.strip() for part in clauses(text, language))
    denied(text, language)
