"""What chance is drawn from: one lot for a question of a person, which nobody foresees, and no bias in it."""

from pathlib import Path

from firmground.app.reviewing.lots import Lots, lots
from firmground.review.rules import Known, Rule, Rules
from firmground.testing.app import Bench

QUESTION = "How many vacation days may I carry over?"


def test_the_same_words_of_a_person_are_one_lot_and_other_words_or_people_another():
    drawn = Lots(b"secret")
    for same in (
        QUESTION,
        QUESTION.upper(),
        f" {QUESTION[:-1]}…",
        "How\u2060 many vacation-days, may I carry over",
        f"{QUESTION}\u200b",
    ):
        assert drawn.of("ada", same) == drawn.of("ada", QUESTION)
    others = {drawn.of("ada", other) for other in (QUESTION, f"{QUESTION} Please.", QUESTION.replace("I", "we"), "?", "!")}
    assert len(others | {drawn.of("bea", QUESTION), Lots(b"another").of("ada", QUESTION)}) == 7
    assert "secret" not in repr(drawn)


def test_a_workspace_keeps_its_lots_and_another_has_others(tmp_path: Path):
    found: list[str] = []
    for name in ("one", "one", "other"):
        (tmp_path / name).mkdir(exist_ok=True)
        with Bench(tmp_path / name).app() as app:
            found.append(lots(app).of("ada", QUESTION))
    assert found[0] == found[1] != found[2]


def test_each_question_of_a_person_is_chosen_with_the_probability_that_a_rule_or_the_sample_names():
    drawn, rules = Lots(b"secret"), Rules(rules=(Rule(name="some", then="warn", share=0.2),), sample=0.1)
    asked = [Known(drawn.of(f"person {n % 50}", f"question {n}"), "x", statuses=frozenset({"answered"})) for n in range(8000)]
    routed = [rules.routed(each, "r") for each in asked]
    fired, sampled = {n for n, each in enumerate(routed) if each.causes}, {n for n, each in enumerate(routed) if each.sampled}
    assert abs(len(fired) - 1600) < 3 * 36
    assert abs(len(sampled) - 800) < 3 * 27
    assert abs(len(fired & sampled) - 160) < 3 * 13, "each falls by itself"
