"""What answers say of themselves, on pages in German."""

import pytest

from firmground.answer.confidence import only_words
from firmground.serve import ask
from firmground.web.language import speak
from firmground.web.said import said


@pytest.fixture(autouse=True)
def german():
    speak("de")
    yield
    speak("en")


@pytest.mark.parametrize("why", ask._NO_ANSWER.values())
def test_each_reason_for_quotes_is_said_in_the_language_of_the_page(why: str):
    told = said(f"{why}: these are quotes.")
    assert told.endswith(": Dies sind Zitate.")
    assert "language model" not in told


def test_reasons_keep_their_figures():
    told = said("the best sentence holds 41% of the question's words, weighed by rarity")
    assert told == "der beste Satz enthält 41% der Wörter der Frage, nach Seltenheit gewichtet"
    assert "Einbettungsmodell" in said(f"{only_words('de')}, so it is held below 0.70")
    assert said(ask._FAR).startswith("nichts Gefundenes")


def test_what_nobody_translated_is_marked_as_english_and_holds_no_markup():
    assert said("a <b> came up") == '<span lang="en">a &lt;b&gt; came up</span>'
    assert "<b>" not in said("<b>: these are quotes.")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("it is live by override until 2026-11-20 09:00 UTC.", "ausnahmsweise live, bis 2026-11-20 09:00 UTC."),
        ("it is live by override, as a demonstration, until 2026-11-20 09:00 UTC.", "als Vorführung, bis 2026-11-20 09:00 UTC."),
    ],
)
def test_an_override_is_told_in_the_language_of_the_page(text: str, told: str):
    shown = said(f"What answered has not passed the gate: {text}")
    assert shown.startswith("Was geantwortet hat")
    assert shown.endswith(told)


def test_why_a_person_looks_is_said_in_the_language_of_the_page_and_the_rule_by_its_name():
    told = said("rule “pay”: the topic of the question; the confidence is below 0.7")
    assert told == "Regel „pay“: das Thema der Frage; die Sicherheit liegt unter 0.7"
    assert said("<b>; x").startswith('<span lang="en">')
