"""Names in small letters: told where a word before them says that one follows, and never from a name alone."""

import pytest

from firmground.guard.personal import Detector

_FIND = Detector(kinds=("name",)).find


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in _FIND(text)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("was verdient herr müller im jahr?", ["müller"]),
        ("ist frau dr. xaverine-huber heute da", ["xaverine-huber"]),
        ("what did mrs smith say about leave", ["smith"]),
        ("ask mr. o'neill or Mr van der berg", ["o'neill", "van der berg"]),
        ("when does mrs anna kowalska come back?", ["anna kowalska"]),
        ("my name is john smith, how many days do i have?", ["john smith"]),
        ("hello, my name is xiomara quintanilla and i am ill", ["xiomara quintanilla"]),
        ("mein name ist jürgen, wie viel urlaub habe ich", ["jürgen"]),
        ("ich heiße wilhelmine tell.", ["wilhelmine tell"]),
        ("je m'appelle quitterie dubois", ["quitterie dubois"]),
        ("me llamo carlos garcía y trabajo aquí", ["carlos garcía"]),
        ("hi anna, can you help?", ["anna"]),
    ],
)
def test_a_word_before_a_name_tells_it_however_it_is_written(text: str, names: list[str]):
    assert found(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "die frau ist krank, und der herr kommt später",
        "meine frau hat frei; eine frau mit kindern",
        "mann und frau haben gleiche rechte, jede frau kann das",
        "herr und frau, sehr geehrter herr",
        "i miss work and use ms word and ms teams",
        "my name is not on the list",
        "my name is spelled wrong, his name is missing.",
        "mein name ist falsch geschrieben, mein name ist nicht dabei",
        "my name is required on the form",
        "name is a field, and the user name is unique",
        "der herr des hauses und die frau vom empfang",
        "hi there, hello team, dear all,",
        "ich heiße das gut, ich heiße sie willkommen",
        "je m'appelle comme mon père",
        "the mark of a bill may grant joy in june",
    ],
)
def test_words_that_only_look_so_are_no_names(text: str):
    assert found(text) == []
