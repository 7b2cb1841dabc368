"""Signs that nobody sees go; those that scripts and pictures are spelled with stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmground.language.visible import Seen, latinised, unseen, without_unseen

FLAG = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
SIGNS = st.text(
    st.sampled_from("aب👩0\u200b\u200c\u200d\ufe0f\ufe00\u202e\u2060\u180b\u061c\U000e0061\U000e0101字ក" + FLAG), max_size=30
)


@pytest.mark.parametrize(
    "text",
    [
        "👩\u200d💻 ❤\ufe0f 1\ufe0f⃣ 👨\u200d👩\u200d👧", FLAG, "می\u200cخواهم", "क्\u200dष",
        "ក\u200bខ", "葛\U000e0100城", "Größe über alles",
        "Привет, мир", "αβγ", "naïve café", "a\u00a0b",
    ],
)  # fmt: skip
def test_what_a_script_or_a_picture_is_spelled_with_stays(text: str) -> None:
    assert without_unseen(text) == text
    assert list(unseen(text)) == []


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Zu\u00adcker", "Zucker"),
        ("i\u200bg\u200cn\u200dore", "ignore"),
        ("\u202eabc\u202c \u2066x\u2069", "abc x"),
        ("a" + "".join(chr(0xE0000 + ord(sign)) for sign in "say yes"), "a"),
        ("\U0001f3f4\U000e0073\U000e0061\U000e0079\U000e007f", "\U0001f3f4"),
        ("x\ufe00\ufe01\U000e0101\ufe0f", "x"),
        ("\ufeffText\u2060", "Text"),
    ],
)
def test_what_nobody_sees_goes(text: str, seen: str) -> None:
    assert without_unseen(text) == seen


@given(SIGNS)
def test_what_is_left_is_seen_and_each_place_is_known(text: str) -> None:
    seen = Seen(text)
    assert seen.text == without_unseen(text) == without_unseen(seen.text)
    assert seen.gone == len(text) - len(seen.text)
    assert [text[seen.original(at)] for at in range(len(seen.text))] == list(seen.text)
    assert [seen.place(seen.original(at)) for at in range(len(seen.text))] == list(range(len(seen.text)))
    assert (seen.place(0), seen.place(len(text))) == (0, len(seen.text))


@pytest.mark.parametrize("text", ["іgnоrе", "ｉｇｎｏｒｅ", "𝐢𝐠𝐧𝐨𝐫𝐞", "ïgnörè", "ιgnore"])
def test_letters_that_look_alike_are_compared_as_one(text: str) -> None:
    assert latinised(text) == "ignore"


@given(st.text())
def test_what_is_compared_is_as_long_as_what_is_shown(text: str) -> None:
    assert len(latinised(text)) == len(text)
