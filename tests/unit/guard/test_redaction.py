"""Placeholders take the place of personal data, and values theirs again."""

from hypothesis import given
from hypothesis import strategies as st

from firmground.guard.redaction import PLACEHOLDER, placeholder, placeholders, redacted, reopened, restored, standing
from firmground.types import Page, Span

KEY = bytes(32)
TEXT = "Ask a@b.example or c@d.example.\nAgain a@b.example, äöü."


def spans() -> list[Span]:
    return [
        Span(kind="email", start=start, end=start + 11, score=0.9)
        for start in (TEXT.index("a@b"), TEXT.index("c@d"), TEXT.rindex("a@b"))
    ]


def test_spans_of_a_redacted_text_are_its_placeholders():
    made = redacted(KEY, TEXT, list(reversed(spans())))
    words = [made.text[span.start : span.end] for span in made.spans]
    assert [words[0], words[2]] == [words[0], words[0]]
    assert set(words) == made.values.keys() == placeholders(made.text)
    assert all(PLACEHOLDER.fullmatch(word) for word in words)
    assert [(span.kind, span.score) for span in made.spans] == [("email", 0.9)] * 3
    assert restored(made.text, {word: value for word, (_, value) in made.values.items()}) == TEXT


def test_places_move_with_what_was_replaced_and_back():
    made = redacted(KEY, TEXT, spans())
    [page] = made.pages([Page(number=1, start=TEXT.index("Again"), end=len(TEXT))])
    assert made.text[page.start : page.end].startswith("Again EMAIL_")
    assert page.end == len(made.text)
    back = reopened(made.text, {word: value for word, (_, value) in made.values.items()})
    assert back.text == TEXT
    assert (back.place(page.start), back.place(page.end)) == (TEXT.index("Again"), len(TEXT))


def test_a_value_is_the_same_however_it_is_written():
    assert placeholder(KEY, "iban", "DE89 3704 0044") == placeholder(KEY, "iban", "de8937040044")
    assert placeholder(KEY, "email", "A@B.example") == placeholder(KEY, "email", "a@b.example")
    assert placeholder(KEY, "email", "a@b.example") != placeholder(bytes([1] * 32), "email", "a@b.example")
    assert placeholder(KEY, "email", "x") != placeholder(KEY, "phone", "x")


def test_what_looks_like_a_placeholder_and_is_none_stays():
    assert (
        restored("EMAIL_AAAAAAAAAA and xEMAIL_BBBBBBBBBB", {"EMAIL_BBBBBBBBBB": "b"}) == "EMAIL_AAAAAAAAAA and xEMAIL_BBBBBBBBBB"
    )
    assert restored("EMAIL_AAAAAAAAAA", {}) == "EMAIL_AAAAAAAAAA"
    assert reopened("EMAIL_AAAAAAAAAA", {}).text == "EMAIL_AAAAAAAAAA"


@given(
    st.lists(st.sampled_from([*"AZaz0279_ ä.", "_AAAAAAAAAA", "EMAIL", "EMAIL_7KQ2MX9PA4", "X" * 31, "PHONE_BBBBBBBBBB"])).map(
        "".join
    )
)
def test_placeholders_are_found_by_their_ends_just_as_from_their_beginnings(text: str):
    assert [*standing(text)] == [(found.start(), found[0]) for found in PLACEHOLDER.finditer(text)]
