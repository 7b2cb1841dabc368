"""Orders to a model in German, French, Spanish, Italian, Dutch and Portuguese, and honest questions that use the same words."""

import pytest
from orders_spoken import HONEST, ORDERS, lines

from firmground.guard.instructions import instructions, suspected
from firmground.guard.questions import blocked, orders


@pytest.mark.parametrize(("language", "said"), lines(ORDERS))
def test_an_order_is_told_in_every_language(language: str, said: str):
    assert blocked(orders(said)) is not None, language


@pytest.mark.parametrize(("language", "asked"), lines(HONEST))
def test_an_honest_question_is_none_and_neither_is_a_document_that_says_it(language: str, asked: str):
    assert blocked(orders(asked)) is None, language
    assert not suspected(instructions(f"Fragen.\n\n{asked}\n")), language
