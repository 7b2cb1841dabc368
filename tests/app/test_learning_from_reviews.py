"""The next calibration learns from what reviewers said, as far as it is known how their answers were chosen."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from firmground.answer.calibration import Row, calibrate
from firmground.answer.confidence import SHIPPED
from firmground.app.app import App
from firmground.app.launching.releases import RECIPES
from firmground.app.teaching import learning
from firmground.ports import Transaction
from firmground.review.rules import Rule, Rules
from firmground.reviews import ReviewAct, ReviewItem
from firmground.testing.app import Bench
from firmground.testing.traces import a_passage, a_trace
from firmground.types import Cause, Draft, Routed

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SIGNS = dict.fromkeys({*SHIPPED.meaning.signs, *SHIPPED.words.signs}, 0.5)
SAMPLED = Routed(outcome="send", sampled=True)
HELD = Routed(outcome="hold", causes=(Cause(kind="rule", name="pay"),))
RULES = Rules(sample=0.1, rules=(Rule(name="pay", then="hold", topics=("pay",)),))


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with Bench(tmp_path).app() as opened:
        yield opened


def judged(
    app: App, tx: Transaction, id: str, routed: Routed | None, *, act: str = "approve", release: str = "", **fields: object
) -> None:
    """One answer that a reviewer decided about."""
    recipe = app.candidate.model_copy(update={"review": RULES})
    tx.put_fact(RECIPES, recipe.digest, recipe.model_dump(mode="json"))
    draft = Draft(status="answered", text="Five.") if routed is HELD else None
    said = {"release": release or recipe.digest, "question": f"What is {id}?"}
    tx.save_trace(a_trace(id, a_passage("a"), answer=said, signs=SIGNS, routed=routed, draft=draft, **fields))
    item = ReviewItem(
        id=f"i{id}",
        answer=id,
        asker="ada",
        release="r",
        causes=(),
        created_at=NOON,
        due_at=NOON,
        state="done",
        decisive=1,
        revision=1,
    )
    tx.save_item(item)
    tx.add_act(ReviewAct.model_validate({"item": item.id, "number": 1, "person": "rita", "act": act, "at": NOON}))


def test_an_answer_stands_for_as_many_as_were_not_looked_at(app: App):
    with app.database.transaction() as tx:
        judged(app, tx, "1", SAMPLED)
        judged(app, tx, "2", SAMPLED, act="reject")
        judged(app, tx, "3", HELD)
        made = learning.rows(tx, app.candidate)
    by_label = {(row.covered, round(row.weight, 3)) for row in made.rows}
    assert by_label == {(True, 2.857), (False, 2.857), (True, 0.286)}, "ten times what a rule takes whole, and two on average"
    assert (made.left_out, {row.kind for row in made.rows}) == (0, {"reviewed"})


def test_what_somebody_chose_and_what_another_recipe_said_is_left_out_and_counted(app: App):
    with app.database.transaction() as tx:
        judged(app, tx, "1", SAMPLED)
        judged(app, tx, "2", None)
        judged(app, tx, "3", Routed(outcome="send"))
        judged(app, tx, "4", SAMPLED, release="gone")
        judged(app, tx, "5", SAMPLED, erased=True)
        judged(app, tx, "6", SAMPLED, act="flag")
        made = learning.rows(tx, app.candidate)
    assert (len(made.rows), made.left_out) == (1, 3)


def test_judged_answers_move_the_fit_and_no_figure_rests_on_them():
    names = list(SIGNS)

    def row(place: int, *, covered: bool) -> Row:
        return Row(dict.fromkeys(names, 0.8 if covered else 0.2), covered, f"d{place}", right=covered or None)

    asked = [row(place, covered=covered) for place in range(200) for covered in (True, False)]
    wrong = [Row(dict.fromkeys(names, 0.75), False, "elsewhere", weight=2.0, kind="reviewed") for _ in range(200)]
    alone, taught = calibrate(asked), calibrate(asked, reviewed=wrong)
    assert (alone.questions, alone.uncovered, alone.documents) == (taught.questions, taught.uncovered, taught.documents)
    assert (alone.reviewed, taught.reviewed) == (0, 200)
    assert taught.confidence.of(wrong[0].signs) < alone.confidence.of(wrong[0].signs)
    assert taught.kinds.keys() == alone.kinds.keys()
