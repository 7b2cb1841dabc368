"""Placeholders that a model copies: put right where they are bent, told where they are torn."""

import pytest

from firmground.guard.copies import Copies

MAIL, NUMBER = "EMAIL_7KQ2MX4PA6", "NATIONAL_ID_ABCDEFGHIJ"
TOLD = Copies(f"Write to {MAIL} or tell {NUMBER}. Set MAX_CONNECTION to 5.")


@pytest.mark.parametrize(
    "bent",
    [
        "email_7kq2mx4pa6", "Email_7kq2mx4pa6", r"EMAIL\_7KQ2MX4PA6", "EMAIL 7KQ2MX4PA6", "EMAIL-7KQ2MX4PA6", "_EMAIL_7KQ2MX4PA6_",
        "EMAIL__7KQ2MX4PA6", "EMAIL*_*7KQ2MX4PA6", "EMAIL_7KQ2 MX4PA6", "EMAIL_ 7KQ2-MX4P-A6", r"___email\_7kq2mx4pa6___", MAIL,
    ],
)  # fmt: skip
def test_a_bent_placeholder_is_put_right(bent: str):
    mended = TOLD.mended(f"Write to {bent}, it says.")
    assert mended == f"Write to {MAIL}, it says."
    assert not TOLD.torn(mended)


@pytest.mark.parametrize("around", ["**{}**", "`{}`", "<{}>", "({}).", "“{}”", "{}’s", "[{}]", "*_{}_*"])
def test_what_stands_around_it_stays(around: str):
    mended = TOLD.mended(around.format("email\\_7kq2mx4pa6"))
    assert MAIL in mended
    assert not TOLD.torn(mended)


def test_the_kind_may_be_of_two_words_and_the_signs_may_be_letters_only():
    assert TOLD.mended("Tell national id_abcdefghij.") == f"Tell {NUMBER}."


@pytest.mark.parametrize(
    "torn",
    [
        "Write to EMAIL_7KQ2MX…", "Write to EMAIL_7KQ.", "It ends with X4PA6Q? No: 2MX4PA6.", "Write to 7kq2mx4pa6.", f"Write to {MAIL}s.",
        "Write to x7KQ2MX4PA6.", "Tell NATIONAL_ID_ABC.", "Write to EMAIL_7KQ2MX4PA7.", "Call PHONE_ABCDEFGHIJ.", "Use CODE_ABCDEFGH23.",
    ],
)  # fmt: skip
def test_a_part_of_one_or_one_that_was_not_told_is_noticed(torn: str):
    assert TOLD.torn(TOLD.mended(torn))


@pytest.mark.parametrize(
    "text",
    ["Set the max connection to 5.", "Set MAX_CONNECTION to 5.", "An e-mail is sent to national offices.", "Write to EMAIL_7K"],
)
def test_other_words_are_left_alone(text: str):
    assert TOLD.mended(text) == text
    assert not TOLD.torn(text)


def test_without_placeholders_only_those_that_are_made_up_are_noticed():
    plain = Copies("Nothing is hidden here, see DB_CONNECTION.")
    assert plain.mended("email_7kq2mx4pa6") == "email_7kq2mx4pa6"
    assert not plain.torn("DB_CONNECTION is set by APP_CONNECTION.")
    assert plain.torn(f"Write to {MAIL}.")
