"""Which state an answer gets, and by which rule."""

from collections.abc import Sequence

import numpy as np
import pytest

from firmground.answer.contradiction import contradictions
from firmground.answer.extract import Extractive
from firmground.answer.signs import signs
from firmground.answer.states import Decision, Seen, States, nearest_example
from firmground.testing.embedder import FakeEmbedder
from firmground.types import Locator, Passage, Scores, Span

LEAVE = "| Office | Annual leave |\n|---|---|\n| Edinburgh | 27 days |\n| Hamburg | 30 days |"
SICK = "| | Edinburgh | Hamburg |\n|---|---|---|\n| Without a doctor's note | up to 7 days | up to 3 days |"
PARTNERS = (
    "## Edinburgh\n\nPartners have 6 weeks of leave on full pay after a birth.\n\n"
    "## Hamburg\n\nPartners have 4 weeks of leave on full pay after a birth."
)


def passage(text: str, number: int = 0, **fields) -> Passage:
    usual = {
        "passage": f"p{number}",
        "document": f"d{number}",
        "title": "Handbook",
        "uri": f"s/{number}.md",
        "language": "en",
        "locator": Locator(start=0, end=len(text)),
        "text": text,
        "score": 1.0,
        "scores": Scores(lexical=1.0, dense=0.6),
    }
    return Passage.model_validate(usual | fields)


def seen(question: str, *passages: Passage | str, confidence: float = 0.95, **fields) -> Seen:
    """What a search would have found in these passages."""
    found = [passage(each, number) if isinstance(each, str) else each for number, each in enumerate(passages)]
    extract = Extractive().read(question, None, found, FakeEmbedder().embed)
    usual = {
        "question": question,
        "language": "en",
        "confidence": confidence,
        "threshold": 0.5,
        "sure": 0.9,
        "passages": found,
        "extract": extract,
        "signs": {**signs([], extract, question, found, language="en"), "sentence_cosine": 0.7, "passage_cosine": 0.6},
        "contradictions": contradictions(found, extract.quotes),
    }
    return Seen(**{**usual, **fields})


def decide(question: str, *passages: Passage | str, states: States | None = None, **fields) -> Decision:
    return (states or States()).decide(seen(question, *passages, **fields))


def fired(decision: Decision) -> list[str]:
    return [rule.name for rule in decision.rules if rule.fired]


# ---------------------------------------------------------------- before anything is searched


@pytest.mark.parametrize(
    "question",
    ["😀😀", "?!…", "   ", "-", "help", "Can you help me?", "tell me more", "What about it?", "How much is it?", "hello", "asdf asdf",
     "aaaaaa", "qwertz", "sdfgh", "Hilfe", "Wie ist das?", "Pourquoi ?", "aide-moi", "¿Por qué?", "ayuda", "\u200b\u200d"],
)  # fmt: skip
def test_a_question_that_is_about_nothing_is_asked_back(question: str) -> None:
    decision = States().before(question)
    assert decision is not None
    assert (decision.status, fired(decision), decision.choices) == ("clarify", ["vague"], ())
    assert decision.text.endswith(("?", "."))


@pytest.mark.parametrize(
    "question",
    ["VPN", "per diem", "notice", "Kündigungsfrist", "WRE-T1-FAN", "E05", "BHKW", "hotel?", "What is IEC 61400?", "congés", "vacaciones",
     "休暇は何日ですか", "Сколько дней отпуска?", "كم يوما"],
)  # fmt: skip
def test_a_word_is_enough_to_be_searched(question: str) -> None:
    assert States().before(question) is None


@pytest.mark.parametrize(("question", "begins"), [("Hilfe bitte", "Was möchten"), ("pouvez-vous m'aider ?", "Que souhaitez")])
def test_the_question_back_is_in_the_language_of_the_question(question: str, begins: str) -> None:
    decision = States().before(question)
    assert decision is not None
    assert decision.text.startswith(begins)


def test_an_order_is_blocked_before_anything_else() -> None:
    decision = States().before("help", Span(kind="instruction_override", start=0, end=4, score=0.9))
    assert decision is not None
    assert (decision.status, fired(decision)) == ("blocked", ["injection"])
    assert "order" in decision.text


# ---------------------------------------------------------------- confidence


def test_a_sure_answer_is_answered_and_every_rule_was_looked_at() -> None:
    decision = decide("How many days may be carried over?", "Five days may be carried over.")
    assert (decision.status, decision.text, decision.choices, decision.notices) == ("answered", "", (), ())
    assert [rule.name for rule in decision.rules] == [
        "far", "unnamed", "missing_detail", "ambiguous", "uncovered", "contradicting", "words_only", "one_sided", "unsure",
    ]  # fmt: skip
    assert not fired(decision)


@pytest.mark.parametrize(
    ("confidence", "status", "rule"),
    [(0.9, "answered", []), (0.89, "weak", ["unsure"]), (0.5, "weak", ["unsure"]), (0.49, "abstained", ["uncovered"])],
)
def test_confidence_decides_between_sure_weak_and_nothing(confidence: float, status: str, rule: list[str]) -> None:
    decision = decide("How many days may be carried over?", "Five days may be carried over.", confidence=confidence)
    assert (decision.status, fired(decision)) == (status, rule)


def test_what_is_no_number_is_no_answer() -> None:
    nan = float("nan")
    question, text = "How much is the parking fee?", "The parking fee is 4 euro."
    assert decide(question, text, confidence=nan).status == "abstained"
    assert decide(question, text, threshold=nan).status == "abstained"
    assert decide(question, text, sure=nan).status == "weak"
    assert decide(question, text, example=("Parking", nan)).status == "out_of_scope"


def test_a_rule_tells_what_it_saw_and_from_where_on_it_fires() -> None:
    decision = decide("How many days may be carried over?", "Five days may be carried over.", confidence=0.3)
    rule = decision.rules[-1]
    assert (rule.name, rule.seen, rule.limit) == ("uncovered", 0.3, 0.5)
    assert rule.text


def test_nothing_found_is_no_answer() -> None:
    decision = decide("How many days may be carried over?", signs={}, confidence=0.0)
    assert (decision.status, fired(decision)) == ("abstained", ["uncovered"])


def test_where_only_words_were_compared_an_answer_is_weak() -> None:
    decision = decide("How many days may be carried over?", "Five days may be carried over.", covered=False)
    assert (decision.status, fired(decision)) == ("weak", ["words_only"])


# ---------------------------------------------------------------- asked back


def test_a_table_whose_row_is_not_named_is_asked_back_with_its_rows() -> None:
    decision = decide("How much annual leave is there?", LEAVE)
    assert (decision.status, fired(decision)) == ("clarify", ["missing_detail"])
    assert "Office" in decision.text
    assert [choice.label for choice in decision.choices] == ["Edinburgh", "Hamburg"]
    assert decision.choices[0].text == "How much annual leave is there (Edinburgh)?"


def test_a_choice_can_be_asked_as_it_stands() -> None:
    for choice in decide("How much annual leave is there?", LEAVE).choices:
        again = decide(choice.text, LEAVE)
        assert again.status == "answered"
        assert choice.label in again.rules[0].text or choice.label in choice.text


@pytest.mark.parametrize(
    "question",
    [
        "How much annual leave is there in Hamburg?",
        "How much annual leave is there per office?",
        "Which offices have annual leave?",
        "List the annual leave of the offices",
        "What is the difference in annual leave?",
        "How much annual leave is there (both)?",
    ],
)
def test_a_question_that_names_a_row_or_wants_all_is_answered(question: str) -> None:
    assert decide(question, LEAVE).status == "answered"


@pytest.mark.parametrize(
    ("language", "question", "header", "begins"),
    [
        ("de", "Wie viel Urlaub gibt es?", "Standort", "Das hängt von"),
        ("fr", "Combien de congés avons-nous ?", "Bureau", "Cela dépend de"),
        ("es", "¿Cuántas vacaciones tenemos?", "Oficina", "Eso depende de"),
    ],
)
def test_a_question_is_asked_back_in_its_language(language: str, question: str, header: str, begins: str) -> None:
    kind = {"de": "Urlaub", "fr": "Congés", "es": "Vacaciones"}[language]
    table = f"| {header} | {kind} |\n|---|---|\n| Edinburgh | 27 |\n| Hamburg | 30 |"
    decision = decide(question, passage(table, language=language), language=language)
    assert decision.status == "clarify"
    assert decision.text.startswith(begins)
    assert header in decision.text
    assert decision.choices[1].text.endswith("(Hamburg)?")


def test_rows_with_the_same_value_need_no_question_back() -> None:
    assert decide("How much annual leave is there?", LEAVE.replace("30", "27")).status == "answered"


def test_a_number_in_the_question_lies_in_the_range_of_a_row() -> None:
    table = "| Purchase up to | Approved by |\n|---|---|\n| 500 pounds | team lead, 1 quote |\n| 5,000 pounds | department head, 2 quotes |"
    assert decide("Who approves a purchase of 3,000 pounds?", table).status == "answered"
    assert decide("By whom is a purchase approved?", table).status == "clarify"


def test_rows_that_are_called_by_what_is_asked_for_are_no_readings() -> None:
    table = "| | Rule |\n|---|---|\n| Without a doctor's note | up to 7 days |\n| With a doctor's note | from day 8 |"
    assert decide("When do I need a doctor's note?", table).status == "answered"


def test_who_does_something_is_answered_by_all_who_do() -> None:
    table = (
        "| Name | Role | Line |\n|---|---|---|\n| Ada King | second level support | 41 |\n| Jo Zell | second level support | 42 |"
    )
    assert decide("Who is second level support?", table).status == "answered"


def test_a_sentence_that_says_more_of_the_question_wins_over_a_table() -> None:
    assert decide("Can I buy annual leave?", LEAVE + "\n\nYou can buy annual leave in November.").status == "answered"


def test_columns_with_one_kind_of_value_for_different_things_are_asked_back() -> None:
    decision = decide("How long may I be ill without a doctor's note?", SICK)
    assert [choice.label for choice in decision.choices] == ["Edinburgh", "Hamburg"]
    assert decide("How long may I be ill in Hamburg without a doctor's note?", SICK).status == "answered"


def test_columns_of_different_kinds_are_one_answer() -> None:
    table = "| Part | Price | Delivery |\n|---|---|---|\n| Filter cap | 12 euro | 5 days |"
    assert decide("What about the filter cap?", table).status == "answered"


def test_sections_that_say_the_same_with_other_numbers_are_asked_back_by_their_headings() -> None:
    decision = decide("How many weeks of leave do partners have after a birth?", PARTNERS)
    assert (decision.status, fired(decision)) == ("clarify", ["ambiguous"])
    assert [choice.label for choice in decision.choices] == ["Edinburgh", "Hamburg"]
    assert decide("How many weeks of leave do partners have in Hamburg after a birth?", PARTNERS).status == "answered"


def test_documents_are_told_apart_by_their_titles_but_not_by_their_years() -> None:
    texts = ["The notice period is 4 weeks to the end of a month.", "The notice period is 2 weeks to the end of a month."]
    question = "How long is the notice period?"
    kinds = [
        passage(text, at, title=title) for at, (text, title) in enumerate(zip(texts, ("Employees", "Contractors"), strict=True))
    ]
    years = [
        passage(text, at, title=title) for at, (text, title) in enumerate(zip(texts, ("Rules 2021", "Rules 2026"), strict=True))
    ]
    assert [choice.label for choice in decide(question, *kinds).choices] == ["Employees", "Contractors"]
    assert fired(decide(question, *years)) == ["contradicting"]


def test_a_property_of_several_things_is_asked_back_by_the_titles_of_their_documents() -> None:
    sheets = [
        passage(f"| Property | Value |\n|---|---|\n| Accuracy | {value} |\n| Weight | {at} kg |", at, title=title)
        for at, (title, value) in enumerate((("Gannet data sheet", "0.2 m/s"), ("Fulmar manual", "0.1 m/s")))
    ]
    decision = decide("What is the accuracy?", *sheets)
    assert (decision.status, fired(decision)) == ("clarify", ["ambiguous"])
    assert [choice.text for choice in decision.choices] == [
        "What is the accuracy (Gannet data sheet)?",
        "What is the accuracy (Fulmar manual)?",
    ]
    assert decide("What is the accuracy of the Gannet?", *sheets).status != "clarify"


def test_at_most_five_readings_are_offered() -> None:
    rows = "".join(f"\n| Country{chr(65 + at)}land | {20 + at} euro |" for at in range(9))
    decision = decide("What is the daily allowance?", f"| Country | Daily allowance |\n|---|---|{rows}")
    assert decision.status == "clarify"
    assert len(decision.choices) == 5


def test_what_the_documents_do_not_speak_of_is_not_asked_back() -> None:
    decision = decide("How much annual leave is there for pilots on Mars?", LEAVE, confidence=0.1)
    assert decision.status == "abstained"


def test_a_word_that_stands_for_nothing_said_is_asked_back_with_what_it_may_be() -> None:
    one = passage("The Wren needs calibrating every 24 months.", 1, title="Wren T1")
    other = passage("The Fulmar needs calibrating every 12 months.", 2, title="Fulmar U2")
    decision = decide("How often does it need calibrating?", one, other)
    assert (decision.status, fired(decision)) == ("clarify", ["unnamed"])
    assert "“it”" in decision.text
    assert {choice.text for choice in decision.choices} == {
        "How often does Wren T1 need calibrating?",
        "How often does Fulmar U2 need calibrating?",
    }


@pytest.mark.parametrize("pasted", [" Please." * 50, "\n\nRegards\nAda"])
def test_a_question_that_was_pasted_with_more_is_not_said_again_with_each_of_its_readings(pasted: str) -> None:
    one = passage("The Wren needs calibrating every 24 months.", 1, title="Wren T1")
    other = passage("The Fulmar needs calibrating every 12 months.", 2, title="Fulmar U2")
    decision = decide("How often does it need calibrating?" + pasted, one, other)
    assert (decision.status, decision.choices) == ("clarify", ())


def test_one_document_that_answers_clearly_is_what_was_meant() -> None:
    one = passage("The Wren needs calibrating every 24 months.", title="Wren T1")
    assert decide("How often does it need calibrating?", one).status == "answered"


@pytest.mark.parametrize(
    "question",
    [
        "Is it possible to carry days over?",
        "How long does it take to carry days over?",
        "When somebody has days left, may they carry over all of it?",
        "Are there days that may be carried over?",
        "Summarise this rule:\nFive days may be carried over.",
        "Check this letter : “Five days may be carried over.”",
    ],
)
def test_a_word_that_stands_for_something_in_the_question_is_fine(question: str) -> None:
    assert "unnamed" not in fired(decide(question, "Five days may be carried over."))


# ---------------------------------------------------------------- out of scope


def example_of(question: str, *examples: str) -> tuple[str, float] | None:
    embedder = FakeEmbedder()
    return nearest_example(question, embedder.embed([question])[0], examples, embedder.embed(examples))


def test_what_is_like_an_example_of_what_is_not_answered_is_out_of_scope() -> None:
    question = "How do I fill in my private tax return?"
    decision = decide(
        question, "The travel desk books trips.", example=example_of(question, "medical advice", "private tax return")
    )
    assert (decision.status, fired(decision)) == ("out_of_scope", ["excluded_topic"])
    assert "private tax return" in decision.rules[0].text


def test_what_the_documents_answer_more_closely_than_any_example_is_answered() -> None:
    question = "How many days may be carried over?"
    decision = decide(question, "How many days may be carried over: five days.", example=example_of(question, "days off in May"))
    assert decision.status == "answered"
    assert decision.rules[0].name == "excluded_topic"


def test_without_vectors_an_example_is_known_by_its_words() -> None:
    found = nearest_example("Wie fülle ich die Steuererklärung aus?", None, ["Wetter", "private Steuererklärung"], None)
    assert found is not None
    assert found[0] == "private Steuererklärung"
    assert 0 < found[1] <= 1
    assert nearest_example("anything", np.zeros(3, np.float32), [], None) is None


MANY = tuple(f"Rule {number} is about days that are carried over." for number in range(8))


@pytest.mark.parametrize(("near", "status"), [(0.1, "out_of_scope"), (0.5, "abstained")])
def test_far_from_everything_is_out_of_scope_and_near_but_uncovered_is_not(near: float, status: str) -> None:
    measured = {"words_anywhere": 0.1, "sentence_cosine": near, "passage_cosine": 0.2}
    assert decide("Who won the cup?", *MANY, confidence=0.0, signs=measured).status == status


def test_of_a_handful_of_passages_nobody_can_tell_what_lies_outside_of_their_world() -> None:
    measured = {"words_anywhere": 0.0, "sentence_cosine": 0.0, "passage_cosine": 0.0}
    assert decide("Who won the cup?", *MANY[:3], confidence=0.0, signs=measured).status == "abstained"


@pytest.mark.parametrize(("words", "status"), [(0.05, "out_of_scope"), (0.2, "abstained")])
def test_where_only_words_were_compared_less_counts_as_far(words: float, status: str) -> None:
    measured = {"words_anywhere": words}
    assert decide("Who won?", *MANY, confidence=0.0, covered=False, signs=measured).status == status


# ---------------------------------------------------------------- weak


def test_documents_that_disagree_make_an_answer_weak_and_are_shown_side_by_side_with_their_dates() -> None:
    old = passage("Up to 10 days may be carried over into the next year.", 1, uri="s/old.md", metadata={"dated": "2021-06-01"})
    new = passage("Up to 5 days may be carried over into the next year.", 2, uri="s/new.md", metadata={"dated": "2026-01-01"})
    decision = decide("How many days may be carried over into the next year?", new, old)
    assert (decision.status, fired(decision)) == ("weak", ["contradicting"])
    assert [notice.code for notice in decision.notices] == ["contradicting"] * len(decision.notices)
    for said in ("5 days", "10 days", "s/old.md, 2021-06-01", "s/new.md, 2026-01-01"):
        assert said in decision.notices[0].text


@pytest.mark.parametrize(
    ("question", "side"),
    [
        ("How many days may be carried over in Hamburg and Edinburgh?", "Edinburgh"),
        ("May Edinburgh or Hamburg carry days over?", "Edinburgh"),
        ("Gibt es in Hamburg mehr Tage als in Edinburgh oder Hamburg?", "Edinburgh"),
    ],
)
def test_an_answer_to_one_of_two_things_is_weak(question: str, side: str) -> None:
    decision = decide(question, "In Hamburg five days may be carried over.")
    assert (decision.status, fired(decision)) == ("weak", ["one_sided"])
    assert decision.rules[-2].seen == side


def test_two_words_that_are_no_names_are_no_two_sides() -> None:
    assert (
        decide("Is it easier or harder to carry days over?", "Days are carried over more easily since 2020.").status == "answered"
    )


def test_the_rules_numbers_are_settings() -> None:
    strict = States(far_words=0.9, far_cosine=0.99)
    assert decide("Who won the cup?", *MANY, confidence=0.1, states=strict).status == "out_of_scope"
    assert len(decide("How much annual leave is there?", LEAVE, states=States(most_choices=2)).choices) == 2


@pytest.mark.parametrize(
    "text", ["", "|", "| a |", "| a | b |\n|---|---|\n| 1 |", "5 \x00 days\x1b[31m carried over", "# x\n\n- 5\n- 6"]
)
def test_odd_evidence_is_decided_as_well(text: str) -> None:
    assert decide("How many days may be carried over?", text, confidence=0.6).status in {"weak", "abstained", "clarify"}


def names(decisions: Sequence[Decision]) -> list[str]:
    return [rule.name for decision in decisions for rule in decision.rules]


def test_the_first_rule_that_fires_decides() -> None:
    question = "How much annual leave is there?"
    excluded = decide(question, LEAVE, example=(question, 1.0))
    assert names([excluded]) == ["excluded_topic"]
    assert names([decide(question, LEAVE)])[-1] == "missing_detail"
