"""Words and phrases that are looked for in questions."""

import pytest

from firmground.language.phrases import is_empty, says


@pytest.mark.parametrize(
    ("question", "language", "phrase"),
    [
        ("How are dismissals handled?", "en", "dismissal"),
        ("What is the NOTICE of termination?", "en", "Notice of Termination"),
        ("When is the pay rise?", "en", "pay rise"),
        ("Wie lange ist die Kündigungsfrist?", "de", "kündigung"),
        ("Wie lange ist die Kundigungsfrist?", "de", "Kündigungsfrist"),
        ("¿Cuántas vacaciones tengo?", "es", "vacacion"),
        ("Quel congé payé ?", "fr", "CONGE PAYE"),
        ("Which e-mail address?", "en", "e-mail"),
        ("Does the 401(k) plan apply?", "en", "401(k)"),
        ("解雇について教えてください", "ja", "解雇"),
        ("dismissals?", "", "dismissal"),
    ],
)
def test_a_phrase_is_found_however_it_is_written(question: str, language: str, phrase: str):
    assert says(question, language, ("something else", phrase))


@pytest.mark.parametrize(
    ("question", "phrase"),
    [
        ("When is payday?", "pay"),
        ("Do they pay before the rise?", "pay rise"),
        ("What is the termination notice?", "notice of termination"),
        ("", "pay"),
        ("…", "pay"),
    ],
)
def test_a_part_of_a_word_or_words_apart_are_no_phrase(question: str, phrase: str):
    assert not says(question, "en", (phrase,))


def test_nothing_is_found_where_nothing_is_looked_for():
    assert not says("When is the pay rise?", "en", ())


@pytest.mark.parametrize(
    ("phrase", "empty"), [("the", True), (" ", True), ("…", True), ("das ist", True), ("car", False), ("税", False)]
)
def test_a_phrase_of_nothing_but_little_words_is_empty(phrase: str, empty: bool):
    assert is_empty(phrase) == empty
