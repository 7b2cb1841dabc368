"""What a question asks for, and questions made from a text."""

from random import Random

import pytest

from firmground.language.questions import asked_for, holds, longest_run, missing, names, numbers, words
from firmground.language.synthesis import Told, content, questions_from

LEAVE = Told("Up to 5 vacation days may be carried over into the next calendar year.", "Carrying over", "Annual leave")
URLAUB = Told("Bis zu fünf Urlaubstage dürfen bis zum 31. März des nächsten Jahres genommen werden.", "Übertragung", "Urlaub")


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("how many days do I get", "number"),
        ("Until when must it be used?", "date"),
        ("Who decides?", "person"),
        ("where is the assembly point", "place"),
        ("Wie viele Tage Urlaub habe ich?", "number"),
        ("Wieviel kostet das?", "number"),
        ("Bis wann gilt das?", "date"),
        ("Wo ist der Sammelplatz?", "place"),
        ("Combien de jours ?", "number"),
        ("Quelle date est prévue ?", "date"),
        ("Où se trouve la cantine ?", "place"),
        ("¿Cuántos días tengo?", "number"),
        ("¿Quién lo paga?", "person"),
        ("somewhat whenever whoever", ""),
        ("", ""),
        ("😀", ""),
    ],
)
def test_what_is_asked_for_is_told_by_the_words(question: str, kind: str):
    assert asked_for(question) == kind


def test_a_text_holds_what_is_asked_for():
    assert holds("number", "28 days")
    assert holds("date", "by 31 March")
    assert holds("date", "im März")
    assert holds("person", "ask Anna Berg")
    assert not holds("date", "28 days")
    assert not holds("", "28 days by Anna")


def test_names_numbers_words_and_runs():
    assert names("What did Anna's team do in Leith?") == ("anna", "leith")
    assert names("Wo arbeitet Anna?", "de") == ()
    assert numbers("1,000 and 2.5") == ("1,000", "2.5")
    assert missing(("anna", "leith"), words("Anna's office")) == 0.5
    assert missing((), words("")) == 0.0
    assert longest_run("first class train", "a First Class ticket") == pytest.approx(2 / 3)
    assert longest_run("", "text") == 0.0


def test_a_made_question_asks_for_the_value_and_does_not_give_it_away():
    for seed in range(20):
        [(question, source)] = questions_from([LEAVE], "en", Random(seed), most=3)
        assert source is LEAVE
        assert "5" not in question
        assert question.startswith(("how", "what is the number"))
        assert question.endswith("?")


def test_a_made_question_keeps_only_a_part_of_the_words():
    said = set(content(LEAVE.text, "en"))
    shares = [
        len(said & set(content(questions_from([LEAVE], "en", Random(seed), most=1)[0].text, "en"))) / len(said)
        for seed in range(40)
    ]
    assert max(shares) < 1
    assert len({round(share, 2) for share in shares}) > 1


def test_questions_are_made_in_the_language_of_the_text_and_the_same_each_time():
    made = questions_from([URLAUB], "de", Random(1), most=1)
    assert made == questions_from([URLAUB], "de", Random(1), most=1)
    assert made[0].text.startswith(("wann", "bis wann"))
    assert questions_from([URLAUB], "xx", Random(1), most=1)[0].text.endswith("?")


def test_sentences_that_say_too_little_are_passed_over():
    assert (
        questions_from([Told("See below.", "", ""), Told("| --- |", "", ""), Told("12 34 56", "", "")], "en", Random(1), most=5)
        == []
    )
    assert len(questions_from([LEAVE] * 5, "en", Random(1), most=2)) == 2
