"""What kind of answer a question wants, and which units hold one."""

import pytest

from firmground.answer.units import Unit
from firmground.answer.wanted import Kind, holds, wanted


@pytest.mark.parametrize(
    ("kind", "questions"),
    [
        (
            "duration",
            ["How long is the warranty?", "Wie lange gilt sie?", "Combien de temps dure le prêt ?", "¿Cuánto tiempo dura?"],
        ),
        ("number", ["How many days?", "What does it cost?", "Was kostet das?", "Combien coûte un ticket ?", "¿Cuánto cuesta?"]),
        ("date", ["When does it end?", "Wann endet das?", "Quand finit-il ?", "¿Cuándo acaba?"]),
        ("person", ["Who signs it?", "Wer unterschreibt?", "Qui signe ?", "¿Quién firma?"]),
        ("place", ["Where is it?", "Wo ist das?", "Où est-il ?", "¿Dónde está?"]),
        ("reason", ["Why not?", "Warum nicht?", "Pourquoi pas ?", "¿Por qué no?"]),
        ("procedure", ["How do I cancel?", "Wie kann ich kündigen?", "Comment puis-je résilier ?", "¿Cómo puedo anular?"]),
        ("definition", ["What is a coupon?", "Was bedeutet Karenz?", "Que signifie CDD ?", "¿Qué es una prórroga?"]),
        ("decision", ["May I bring a dog?", "Darf ich das?", "Est-ce permis ?", "¿Puedo entrar?"]),
        ("", ["Name the founders", "price list", "", "???"]),
    ],
)
def test_the_words_of_a_question_tell_what_it_wants(kind: Kind, questions: list[str]) -> None:
    assert [wanted(question) for question in questions] == [kind] * len(questions)


@pytest.mark.parametrize(
    ("question", "language", "holding", "lacking"),
    [
        ("How long is the warranty?", "en", "We give two years.", "We give 12 crowns back."),
        ("How many boats fit?", "en", "There are twelve.", "Boats are moored there."),
        ("How many rooms has house 12?", "en", "It has 4.", "House 12 has some rooms."),
        ("How much is it?", "en", "- 14 crowns", "1. Open at 12:30."),
        ("Wie lange dauert das?", "de", "Es dauert 3 Arbeitstage.", "Es kostet 3 Kronen."),
        ("Who signs it?", "en", "It is signed by Odile Brandt.", "It is signed by hand."),
        ("Why is it closed?", "en", "It is closed because of algae.", "It is closed."),
        ("How do I cancel?", "en", "2. Choose the last day.", "Cancelling is rare."),
        ("How do I cancel?", "en", "To cancel:", "We cancel it."),
        ("What is a coupon?", "en", "A coupon is a slip of paper.", "Ask for one when you come, or for a coupon."),
        ("May I bring a guest?", "en", "Yes, twice a year.", "Guests sign the book."),
    ],
)
def test_a_unit_holds_what_is_wanted_in_words_of_its_own(question: str, language: str, holding: str, lacking: str) -> None:
    kind = wanted(question)
    seen = [holds(kind, Unit(0, 0, len(text), text), question, language) for text in (holding, lacking)]
    assert seen == [True, False]


def test_nothing_in_particular_is_held_by_nothing() -> None:
    assert not holds("", Unit(0, 0, 4, "1999"), "price list", "en")
