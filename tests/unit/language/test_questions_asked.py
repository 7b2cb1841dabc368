"""What a question asks for, and what in it is a name."""

import pytest

from firmground.language.questions import asked_for, names


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("How many vacation days can I carry over?", ()),
        ("I'm new here. Who is Ada's manager in Hamburg, and what if I'd like another?", ("ada", "hamburg")),
        ("What does IT do?", ("it",)),
        ("“Where is Leeds?”", ("leeds",)),
        ("¿Quién es Pedro?", ("pedro",)),
    ],
)
def test_names_are_words_with_a_capital_that_neither_begin_a_sentence_nor_mean_the_asker(question: str, found: tuple[str, ...]):
    assert names(question, "en") == found


def test_in_german_a_capital_says_nothing():
    assert names("Wie viele Tage Urlaub habe ich in Hamburg?", "de") == ()


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many days?", "number"),
        ("Wann öffnet die Kantine?", "date"),
        ("Qui décide ?", "person"),
        ("¿Dónde está?", "place"),
        ("What is an RMA?", ""),
    ],
)
def test_the_words_of_a_question_tell_what_kind_of_thing_is_asked_for(question: str, kind: str):
    assert asked_for(question) == kind
