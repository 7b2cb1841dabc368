import threading

import pytest

from firmground.language.identify import identify, prepare


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How many days of vacation do I get?", "en"),
        ("Wie viele Urlaubstage habe ich im Jahr?", "de"),
        ("Combien de jours de congé ai-je ?", "fr"),
        ("¿Cuántos días de vacaciones tengo?", "es"),
        ("Quanti giorni di ferie ho?", "it"),
        ("Hoeveel vakantiedagen heb ik?", "nl"),
        ("年假有几天", "zh"),
        ("休暇は何日ありますか", "ja"),
        ("휴가는 며칠인가요", "ko"),
    ],
)
def test_a_sentence_is_recognised(text: str, language: str) -> None:
    assert identify(text) == language


@pytest.mark.parametrize("text", ["", "   ", "AB-123", "42", "https://example.org/a/b", "```\nfor i in range(3):\n```", "Urlaub"])
def test_what_cannot_be_told_is_left_open(text: str) -> None:
    assert identify(text) == ""


def test_knowing_the_candidates_decides_more_but_never_invents_one() -> None:
    assert identify("The deployment of the service", frozenset({"en", "de"})) == "en"
    assert identify("休暇は何日ありますか", frozenset({"en", "de"})) == ""


def test_markup_and_code_do_not_hide_the_language() -> None:
    code = "```python\n" + "for name in names: print(name)\n" * 30 + "```\n"
    assert identify(code + "Die Kolleginnen und Kollegen reichen ihre Belege bis Monatsende ein.") == "de"


def test_a_long_text_costs_no_more_than_a_sample_of_it() -> None:
    text = "Die Reisekosten werden nach Vorlage der Belege erstattet. " * 50_000
    assert identify(text) == "de"


def test_loading_may_begin_before_the_first_text_and_more_than_once() -> None:
    prepare()
    prepare()
    assert identify("The invoice was paid by bank transfer within thirty days.") == "en"
    before = threading.active_count()
    prepare()
    assert threading.active_count() <= before
