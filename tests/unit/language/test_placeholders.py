"""Words that stand for personal data: which they are, and what is read in their place."""

from hypothesis import given
from hypothesis import strategies as st

from firmground.language.identify import identify
from firmground.language.names import identifiers
from firmground.language.placeholders import PLACEHOLDER, Aliases, kinds, placeholders, replaced, standing
from firmground.language.terms import query_terms, terms

MAIL, OTHER, ID = "EMAIL_7KQ2MX5PA4", "EMAIL_ABCDEFGHIJ", "NATIONAL_ID_2222222222"
WORDS = st.from_regex(r"[A-Z][A-Z_]{0,6}_[A-Z2-7]{10}", fullmatch=True)
TEXTS = st.lists(st.one_of(WORDS, st.text(alphabet="aZ_7 .-\n", max_size=8)), max_size=8).map(" ".join)


@given(TEXTS)
def test_what_stands_in_a_text_is_what_the_pattern_matches(text: str):
    assert list(standing(text)) == [(each.start(), each[0]) for each in PLACEHOLDER.finditer(text)]


def test_by_meaning_a_placeholder_is_its_kind():
    assert kinds(f"Write to {MAIL}, or show {ID}.") == "Write to email, or show national id."
    assert kinds("EMAIL_7KQ and x_EMAIL_7KQ2MX5PA4") == "EMAIL_7KQ and x_EMAIL_7KQ2MX5PA4"


@given(st.lists(TEXTS, max_size=3))
def test_aliases_keep_every_place_and_are_lifted_again(texts: list[str]):
    aliases = Aliases(texts)
    for text in texts:
        put = aliases.put(text)
        assert len(put) == len(text)
        assert [(at, len(word)) for at, word in standing(put)] == [(at, len(word)) for at, word in standing(text)]
        assert len(placeholders(put)) == len(placeholders(text))
        assert aliases.lifted(put) == text


def test_aliases_tell_words_apart_and_nothing_of_their_letters():
    text = "Is {0} the one of {1}? No, {0} is."
    ours, theirs = text.format(MAIL, OTHER), text.format("EMAIL_QQQQQQQQQX", "EMAIL_3333333333")
    assert Aliases([ours]).put(ours) == Aliases([theirs]).put(theirs)
    assert len(placeholders(Aliases([ours]).put(ours))) == 2
    assert not any(sign.isdigit() for sign in Aliases([ours]).put(ours))
    assert bool(Aliases([ours]))
    assert not Aliases(["no such word"])


def test_what_is_replaced_is_the_whole_word():
    assert replaced(f"a {MAIL}-{OTHER}.", lambda _: "x") == "a x-x."


def test_full_text_search_has_the_word_whole_and_its_kind():
    assert terms(f"{MAIL}.", "en") == ["email_7kq2mx5pa4", "email"]
    assert query_terms(f"what is 5-{MAIL}-x", ["de", "en"])[:3] == ["5", "email_7kq2mx5pa4", "email"]
    assert terms("PHONE_234567ABES", "de") == ["phone_234567abes", *terms("phone", "de")]


def test_it_is_a_name_written_in_signs_of_its_own_with_digits_or_without():
    for word in (MAIL, OTHER):
        text = f"Ask {word} for it."
        assert [text[start:end] for start, end in identifiers(text)] == [word]


def test_it_is_in_no_language():
    told = {identify(f"Schreibt {word} an {word} oder {word}", frozenset({"de", "en"})) for word in (MAIL, OTHER, ID)}
    assert told == {"de"}
