"""Words that are spelled alike."""

import pytest

from firmground.language.spelling import akin, one_slip


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("hoilday", "holiday"),
        ("prmit", "permit"),
        ("permitt", "permit"),
        ("parmit", "permit"),
        ("pfant", "pfand"),
        ("stong", "strong"),
    ],
)
def test_one_slip_of_the_pen_is_forgiven_either_way(one: str, other: str) -> None:
    assert one_slip(one, other)
    assert one_slip(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [("permit", "permit"), ("hermit", "permit"), ("prmt", "permit"), ("cat", "cart"), ("bread", "beard"), ("abcde", "abxye")],
)
def test_more_than_one_or_a_wrong_first_letter_is_not(one: str, other: str) -> None:
    assert not one_slip(one, other)


def test_parts_of_compounds_are_akin_where_no_spelling_is_near() -> None:
    assert akin("garantiezeit", {"garantie", "zeit", "garten"}) == {"garantie"}
    assert akin("schlüssel", {"gartenschlüssel", "garten"}) == {"gartenschlüssel"}
    assert akin("permitt", {"permit", "permitthouse"}) == {"permit"}


def test_short_words_and_codes_have_no_kin() -> None:
    assert akin("wing", {"wings", "swing"}) == frozenset()
    assert akin("ab1234", {"ab1235"}) == frozenset()
