"""What people may use: which limits count, what is set aside and booked, and what becomes of answers when a budget is spent."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from firmground.accounts import ApiKey
from firmground.answer.confidence import Confidence, Logistic
from firmground.app.access.keys import remove_key
from firmground.app.access.people import remove_person
from firmground.app.app import App
from firmground.app.asking.answers import ask
from firmground.app.asking.kept import show
from firmground.app.corpus.sync import sync
from firmground.app.corpus.uploads import upload
from firmground.app.evaluating import evaluation
from firmground.app.following import JobFailed
from firmground.app.personal import erasing
from firmground.app.personal.pseudonyms import pseudonym
from firmground.app.recording.ledger import entries
from firmground.app.spending import budgets
from firmground.app.spending.limits import LimitReached, returns_at
from firmground.app.spending.metering import JOB, metered
from firmground.app.spending.rates import admit
from firmground.errors import Busy, InvalidInput, ModelFailed, NotAllowed, NotFound
from firmground.language_model import Tokens
from firmground.settings import Settings, Workspace
from firmground.testing.app import ADMINISTRATOR, Bench, make_live
from firmground.testing.model import ScriptedModel, failed
from firmground.types import Actor, Answer, Event
from firmground.usage import WORKSPACE, Limits, Pool, Taken

LEAVE = b"# Leave\n\nFull-time employees may carry over five vacation days into the next year.\n"
QUESTION = "How many vacation days may employees carry over?"
TRUE = "Full-time employees may carry over five vacation days into the next year. [1]"
ADA = Actor(person="ada", groups=frozenset({"public", "everyone", "hr"}), via="http")
BOB = Actor(person="bob", groups=frozenset({"public", "everyone"}), via="http")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is near enough is answered: the confidence has tests of its own."""
    sure = Confidence(meaning=Logistic(intercept=5.0, signs={}), words=Logistic(intercept=5.0, signs={}), threshold=0.3, sure=0.6)
    monkeypatch.setattr("firmground.release.spec.Confidence", lambda **given: sure.model_copy(update=given))  # noqa: PLW0108


def a_model(name: str = "scripted/model", *, cost: float | None = 0.001) -> ScriptedModel:
    return ScriptedModel(name=name, rules=lambda _: TRUE, structured=False, cost_per_token=cost)


def a_bench(place: Path, *models: ScriptedModel, **limits: Any) -> Bench:
    answer = {"model": models[0].name, "fallbacks": [model.name for model in models[1:]]} if models else {}
    bench = Bench(
        place,
        settings=Settings.model_validate({"answer": answer, "limits": limits, "serve": {"cached_answers": 0}}),
        models={model.name: model for model in models},
    )
    bench.clock.now = NOON
    bench.source.contents["leave.md"] = LEAVE
    return bench


def opened(bench: Bench) -> App:
    app = bench.app()
    with app.database.transaction() as tx:
        tx.add_person("ada", groups=["hr"])
        tx.add_person("bob")
    sync(app, ADMINISTRATOR)
    return app


def codes(answer: Answer) -> list[str]:
    return [notice.code for notice in answer.notices]


def why(app: App, answer: Answer) -> list[object]:
    return [step.detail.get("why") for step in show(app, ADMINISTRATOR, answer.id).steps if step.outcome == "over_budget"]


def once(tmp_path: Path) -> Taken:
    """What one answer takes."""
    (tmp_path / "once").mkdir()
    with opened(a_bench(tmp_path / "once", a_model())) as app:
        ask(app, ADA, QUESTION)
        return budgets.spent(app, ADA).day


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with opened(a_bench(tmp_path, a_model())) as app:
        yield app


# ---------------------------------------------------------------- which limits count


def test_the_tightest_counts_but_what_is_said_of_a_person_by_name_takes_the_place_of_default_and_groups(tmp_path: Path):
    with opened(a_bench(tmp_path, person={"answers_a_day": 10})) as app:

        def allowed() -> int | None:
            return budgets.limits_of(app, ADMINISTRATOR, "ada").limits.answers_a_day

        seen = [allowed()]
        for kind, name, most in (("group", "hr", 20), ("group", "everyone", 5), ("person", "ada", 50), ("person", "ada", 0)):
            budgets.set_limits(app, ADMINISTRATOR, kind, name, Limits(answers_a_day=most))
            seen.append(allowed())
        assert seen == [10, 10, 5, 50, 0]
        budgets.set_limits(app, ADMINISTRATOR, "person", "ada", Limits())
        assert allowed() == 5
        assert budgets.limits_of(app, ADMINISTRATOR, "bob").limits.answers_a_day == 5


def test_limits_are_set_by_administrators_and_recorded(app: App):
    few = Limits(usd_a_month=2.5)
    with pytest.raises(NotAllowed):
        budgets.set_limits(app, BOB, "person", "bob", few)
    for kind, name, wrong in (
        ("person", "adda", NotFound),
        ("key", "x", NotFound),
        ("group", "x", NotFound),
        ("team", "x", InvalidInput),
        ("workspace", "x", InvalidInput),
        ("person", "", InvalidInput),
    ):
        with pytest.raises(wrong):
            budgets.set_limits(app, ADMINISTRATOR, kind, name, few)
    with pytest.raises(InvalidInput, match="of people and keys"):
        budgets.set_limits(app, ADMINISTRATOR, "workspace", "", Limits(requests_a_minute=1))
    for _ in range(2):
        budgets.set_limits(app, ADMINISTRATOR, "workspace", "", few)
    assert budgets.all_limits(app, ADMINISTRATOR) == {WORKSPACE: few}
    [entry] = entries(app, ADMINISTRATOR, kinds=["budget.changed"])
    assert entry.detail == {"of": "workspace", "limits": {"usd_a_month": 2.5}}


def test_limits_of_an_owner_are_set_by_owners(app: App):
    with app.database.transaction() as tx:
        tx.add_person("olga", role="owner")
    olga, otto = (
        Actor(person=name, groups=BOB.groups, role=role, via="http") for name, role in (("olga", "owner"), ("otto", "admin"))
    )
    with pytest.raises(NotAllowed, match="otto may not set the limits of an owner: ask an owner"):
        budgets.set_limits(app, otto, "person", "olga", Limits(answers_a_day=0))
    assert budgets.all_limits(app, ADMINISTRATOR) == {}
    budgets.set_limits(app, olga, "person", "olga", Limits(answers_a_day=9))


@pytest.mark.parametrize("bad", [{"answers_a_day": -1}, {"usd_a_day": float("nan")}, {"usd_a_day": float("inf")}, {"tokens": 3}])
def test_limits_that_cannot_be_are_refused(bad: dict[str, Any]):
    with pytest.raises(ValueError, match="validation error"):
        Limits.model_validate(bad)


# ---------------------------------------------------------------- what was used


def test_what_an_answer_took_is_known_by_person_key_release_model_and_day(app: App):
    ask(app, ADA.model_copy(update={"key": "ci"}), QUESTION)
    ask(app, BOB, QUESTION)
    taken = budgets.spent(app, ADA).day
    assert (taken.answers, taken.tokens > 0, taken.usd, taken.unpriced) == (1, True, pytest.approx(taken.tokens * 0.001), 0)
    for by, names in (("person", ["ada", "bob"]), ("key", ["", "ci"]), ("model", ["scripted/model"]), ("day", ["2026-11-20"])):
        rows = budgets.spending(app, ADMINISTRATOR, period="2026-11", by=by)
        assert ([row.name for row in rows], sum(row.taken.answers for row in rows)) == (names, 2)
    assert budgets.spending(app, ADMINISTRATOR, period="2025") == []
    assert budgets.spent(app, ADMINISTRATOR, kind="workspace").month.answers == 2


def test_others_spending_is_for_administrators(app: App):
    for look in (
        lambda: budgets.spent(app, BOB, "ada"),
        lambda: budgets.spending(app, BOB),
        lambda: budgets.limits_of(app, BOB, "ada"),
        lambda: budgets.all_limits(app, BOB),
        lambda: budgets.spent(app, BOB, kind="workspace"),
    ):
        with pytest.raises(NotAllowed):
            look()


@pytest.mark.parametrize("period", ["2026-13", "2026-02-30", "x", "2026-1", "٢٠٢٦", "20261"])
def test_a_period_that_is_none_is_refused(app: App, period: str):
    with pytest.raises(InvalidInput):
        budgets.spending(app, ADMINISTRATOR, period=period)


def test_an_unknown_price_counts_tokens_and_no_money(tmp_path: Path):
    with opened(a_bench(tmp_path, a_model(cost=None), person={"usd_a_day": 0.000001})) as app:
        assert codes(ask(app, ADA, QUESTION)).count("budget_spent") == 0
        taken = budgets.spent(app, ADA).day
        assert (taken.tokens > 0, taken.usd, taken.unpriced) == (True, 0.0, 1)


def test_what_an_answer_took_that_came_to_nothing_is_booked(tmp_path: Path):
    bench = a_bench(tmp_path, ScriptedModel([failed("cancelled")], structured=False, cost_per_token=0.001, fail_after=3))
    with opened(bench) as app, pytest.raises(ModelFailed):
        ask(app, ADA, QUESTION)
    with bench.app() as app:
        taken = budgets.spent(app, ADA).day
        assert (taken.answers, taken.tokens > 0) == (0, True)


# ---------------------------------------------------------------- one answer


def test_a_call_that_would_pass_the_cap_of_an_answer_is_not_made_and_the_next_model_is_asked(tmp_path: Path):
    dear, cheap = a_model("dear/model", cost=1.0), a_model("cheap/model", cost=0.000001)
    with opened(a_bench(tmp_path, dear, cheap, answer={"usd": 0.5})) as app:
        answer = ask(app, ADA, QUESTION)
        assert (answer.model, len(dear.calls), why(app, answer)) == ("cheap/model", 0, ["answer_usd"])


def test_at_last_it_is_quotes(tmp_path: Path):
    model = a_model()
    with opened(a_bench(tmp_path, model, answer={"tokens": 50})) as app:
        answer = ask(app, ADA, QUESTION)
        assert (answer.model, answer.status, model.calls, codes(answer)[0]) == ("extractive", "answered", [], "fallback")
        assert why(app, answer) == ["answer_tokens"]


# ---------------------------------------------------------------- budgets of days and months


def test_a_spent_budget_of_models_leaves_quotes_and_says_when_it_returns(tmp_path: Path):
    model = a_model()
    with opened(a_bench(tmp_path, model, person={"tokens_a_day": once(tmp_path).tokens + 1000})) as app:
        assert ask(app, ADA, QUESTION).model == "scripted/model"
        answer = ask(app, ADA, QUESTION)
        assert (answer.model, answer.status, answer.usage.cost_usd) == ("extractive", "answered", 0.0)
        [notice] = [notice for notice in answer.notices if notice.code == "budget_spent"]
        assert notice.text == "Your budget for language models is used up until 2026-11-21 00:00 UTC: these are quotes."
        assert why(app, answer) == ["person_tokens_a_day"]
        assert ask(app, BOB, QUESTION).model == "scripted/model"
        assert budgets.spent(app, ADA).day.answers == 2


def test_a_budget_is_whole_again_on_the_next_day_and_month(tmp_path: Path):
    bench = a_bench(tmp_path, person={"answers_a_day": 1, "answers_a_month": 2})
    with opened(bench) as app:
        ask(app, ADA, QUESTION)
        for now, whole in (
            (NOON, False),
            (NOON + timedelta(days=1), True),
            (NOON + timedelta(days=2), False),
            (NOON + timedelta(days=12), True),
        ):
            bench.clock.now = now
            if whole:
                ask(app, ADA, QUESTION)
            else:
                with pytest.raises(LimitReached):
                    ask(app, ADA, QUESTION)


def test_the_clock_put_back_over_midnight_gives_no_new_budget(tmp_path: Path):
    bench = a_bench(tmp_path, person={"answers_a_day": 1})
    with opened(bench) as app:
        for now in (NOON, NOON + timedelta(hours=12)):
            bench.clock.now = now
            ask(app, ADA, QUESTION)
        for now in (NOON + timedelta(hours=11), NOON + timedelta(hours=12)):
            bench.clock.now = now
            with pytest.raises(LimitReached):
                ask(app, ADA, QUESTION)


def test_answers_that_are_used_up_are_refused_with_the_time_they_return(tmp_path: Path):
    with opened(a_bench(tmp_path, person={"answers_a_day": 1})) as app:
        ask(app, ADA, QUESTION)
        with pytest.raises(
            LimitReached, match="your answers of today are used up: there is more at 2026-11-21 00:00 UTC"
        ) as refused:
            ask(app, ADA, QUESTION)
        assert (refused.value.code, refused.value.exit_code, 11 * 3600 < refused.value.seconds <= 12 * 3600) == (
            "limit-reached",
            4,
            True,
        )


def test_months_end_when_they_do():
    assert returns_at("month", "2026-12-31") == datetime(2027, 1, 1, tzinfo=UTC)
    assert returns_at("month", "2028-02-29") == datetime(2028, 3, 1, tzinfo=UTC)
    assert returns_at("day", "2026-12-31") == datetime(2027, 1, 1, tzinfo=UTC)


def test_a_key_has_a_budget_of_its_own_besides_its_persons(app: App):
    with app.database.transaction() as tx:
        tx.save_key("digest", ApiKey(name="ci", person="ada", created_at=NOON))
    by_key = ADA.model_copy(update={"key": "ci"})
    budgets.set_limits(app, ADMINISTRATOR, "key", "ci", Limits(answers_a_day=1))
    ask(app, by_key, QUESTION)
    with pytest.raises(LimitReached, match="the key ci's answers of today"):
        ask(app, by_key, QUESTION)
    ask(app, ADA, QUESTION)
    remove_key(app, ADMINISTRATOR, "ci")
    assert budgets.all_limits(app, ADMINISTRATOR) == {}


def test_an_answer_given_again_costs_nothing_but_counts(tmp_path: Path):
    bench = a_bench(tmp_path, a_model())
    bench.settings = Settings.model_validate({**bench.settings.model_dump(), "serve": {"cached_answers": 10}})
    with opened(bench) as app:
        first = ask(app, ADA, QUESTION)
        assert ask(app, ADA, QUESTION).usage.cost_usd == 0.0
        taken = budgets.spent(app, ADA).day
        assert (taken.answers, taken.usd) == (2, first.usage.cost_usd)


def test_quotes_of_one_whose_budget_is_spent_are_no_answer_for_another(tmp_path: Path):
    model = a_model()
    with opened(a_bench(tmp_path, model)) as app:
        budgets.set_limits(app, ADMINISTRATOR, "person", "bob", Limits(tokens_a_day=1))
        answers = [ask(app, actor, QUESTION).model for actor in (BOB, ADA, BOB)]
        assert answers == ["extractive", "scripted/model", "extractive"]


# ---------------------------------------------------------------- many at once, and what is left behind


def test_a_hundred_at_once_overspend_no_budget(tmp_path: Path):
    cost = once(tmp_path)
    bench = a_bench(tmp_path, a_model(), workspace={"usd_a_day": cost.usd * 10}, person={"answers_a_day": 90})
    bench.clock = lambda: NOON
    with opened(bench) as app:

        def one(n: int) -> str:
            try:
                return ask(app, ADA, f"{QUESTION} {n}").model
            except LimitReached:
                return "refused"
            except Busy:  # a hundred writers at once, on a machine that has other things to do
                return "busy"

        with ThreadPoolExecutor(100) as threads:
            came = list(threads.map(one, range(100)))
        spent = budgets.spent(app, ADMINISTRATOR, kind="workspace").day
        without = came.count("refused") + came.count("busy")
        assert spent.answers == 100 - without <= 90
        assert 0 < spent.usd <= cost.usd * 10
        assert came.count("scripted/model") > 0


_RACE = """
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from firmground.app.spending.metering import metered
from firmground.settings import Settings, Workspace
from firmground.testing.app import Bench
from firmground.language_model import Tokens
from firmground.types import Actor
from firmground.usage import Taken

bench = Bench(Path(sys.argv[1]), settings=Settings.model_validate({"limits": {"person": {"tokens_a_day": 1000}}}))
bench.clock.now = datetime(2026, 11, 20, 12, tzinfo=UTC)
ada = Actor(person="ada", via="http")
def one(_):
    with metered(app, ada, release="r") as meter:
        if meter.permits(Taken(), Tokens(input=60, output=40), 0.1) is None:
            meter.account.charge("m", Tokens(input=50, output=40), 0.1)
            return 1
    return 0
with bench.app() as app, ThreadPoolExecutor(16) as threads:
    print(sum(threads.map(one, range(50))))
"""


def test_two_processes_overspend_no_budget_between_them(tmp_path: Path):
    bench = a_bench(tmp_path, person={"tokens_a_day": 1000})
    with bench.app() as app:
        racing = [
            subprocess.Popen([sys.executable, "-c", _RACE, str(tmp_path)], stdout=subprocess.PIPE, text=True) for _ in range(2)
        ]
        made = [int(process.communicate(timeout=60)[0]) for process in racing]
        spent = budgets.spent(app, ADA).day
        assert (spent.tokens, spent.tokens <= 1000) == (90 * sum(made), True)
        assert sum(made) == 11


def test_what_a_process_that_died_had_set_aside_comes_back(tmp_path: Path):
    bench = a_bench(tmp_path, person={"answers_a_day": 1})
    with opened(bench) as app:
        with app.database.reading() as tx:
            allowed = budgets.limits_of(app, ADA).limits
            assert tx.taken(Pool("person", "ada"), "2026-11-20") == Taken()
        abandoned = metered(app, ADA, release="r", rules={Pool("person", "ada"): allowed}).__enter__()
        abandoned.begin()
        with pytest.raises(LimitReached):
            ask(app, ADA, QUESTION)
        for later in (timedelta(minutes=10), timedelta(hours=-2)):
            bench.clock.now = NOON + later
            with metered(app, ADA, release="r") as meter:
                meter.begin()


def test_an_evaluation_is_never_quotes_for_want_of_budget(tmp_path: Path):
    with opened(a_bench(tmp_path, workspace={"tokens_a_day": 10})) as app:
        with (
            metered(app, JOB, release="r", degrades=False) as meter,
            pytest.raises(LimitReached, match="this workspace's budget"),
        ):
            meter.permits(Taken(), Tokens(input=20), None)
        assert budgets.spent(app, ADMINISTRATOR, kind="workspace").day == Taken()


def test_an_evaluation_stops_where_the_workspaces_budget_does_and_goes_on_later(tmp_path: Path):
    (tmp_path / "golden").mkdir()
    case = (
        "- {id: leave%d, question: how many vacation days may employees carry over %d?, expect: {contains: [five]}, owner: hr}\n"
    )
    (tmp_path / "golden" / "all.yaml").write_text("".join(case % (n, n) for n in range(8)))
    bench = a_bench(tmp_path, a_model(), workspace={"tokens_a_day": once(tmp_path).tokens * 5})
    with opened(bench) as app:
        with pytest.raises(JobFailed, match="budget for language models is used up: there is more at 2026-11-21") as failure:
            evaluation.run(app, ADMINISTRATOR)
        assert failure.value.exit_code == 4
        spent = budgets.spent(app, ADMINISTRATOR, kind="workspace")
        assert (0 < spent.day.tokens <= spent.shares[0].limit, spent.day.answers) == (True, 0)
        assert [row.name for row in budgets.spending(app, ADMINISTRATOR, by="via")] == ["job"]
        before = len(bench.models["scripted/model"].calls)
        budgets.set_limits(app, ADMINISTRATOR, "workspace", "", Limits(tokens_a_day=0))
        report = evaluation.run(app, ADMINISTRATOR)
        assert report.errors == 0
        assert len(bench.models["scripted/model"].calls) < 8 + before


# ---------------------------------------------------------------- who hears of it, and who is forgotten


def test_80_and_100_percent_are_told_once_to_owners_and_to_whom_it_is_about(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    with opened(a_bench(tmp_path, person={"answers_a_day": 5})) as app:
        for _ in range(5):
            ask(app, ADA, QUESTION)
        for _ in range(2):
            with pytest.raises(LimitReached):
                ask(app, ADA, QUESTION)
        told = budgets.alerts(app, ADMINISTRATOR)
        assert [(each.kind, each.name, each.measure, each.percent) for each in told] == [
            ("person", "ada", "answers", 100),
        ]
        assert (budgets.alerts(app, ADA), budgets.alerts(app, BOB)) == (told, [])
        logged = [record.getMessage() for record in caplog.records if "person_answers_a_day" in record.getMessage()]
        assert (len(logged), any("ada" in line for line in logged)) == (2, False)


def test_nobody_is_warned_of_a_budget_that_an_exercise_spends_in_a_place_of_its_own(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    with opened(a_bench(tmp_path, person={"answers_a_day": 1})) as app:
        root = tmp_path / "other"
        root.mkdir()
        with app.beside(Workspace(root=root, data=root / ".firmground", settings=app.workspace.settings)) as there:
            with there.database.transaction() as tx:
                tx.add_person("ada", groups=["hr"])
            upload(there, ADMINISTRATOR, "leave.md", [LEAVE], ["everyone"])
            sync(there, ADMINISTRATOR)
            ask(there, ADA, QUESTION)
            assert len(budgets.alerts(there, ADMINISTRATOR)) == 1
        assert caplog.messages == []


def test_a_budget_that_is_too_small_for_an_answer_is_not_said_to_be_used_up(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    with opened(a_bench(tmp_path, a_model(), person={"tokens_a_day": 10})) as app:
        ask(app, ADA, QUESTION)
        assert [(each.percent, each.short) for each in budgets.alerts(app, ADA)] == [(0, True)]
        [line] = [record.getMessage() for record in caplog.records if "person_tokens_a_day" in record.getMessage()]
        assert line == (
            "too little is left for another answer by a model of person_tokens_a_day of a person: the limit is 10; "
            "look at the page /budgets"
        )


def test_who_is_forgotten_leaves_the_sums(app: App):
    ask(app, ADA, QUESTION)
    with app.database.transaction() as tx:
        assert [line.model for line in budgets.of_person(tx, "ada")] == ["scripted/model"]
        budgets.forget(tx, "ada", "erased-1", NOON)
        assert budgets.of_person(tx, "ada") == []
    assert [row.name for row in budgets.spending(app, ADMINISTRATOR)] == [""]
    assert budgets.spent(app, ADMINISTRATOR, kind="workspace").day.answers == 1


def test_a_person_who_is_removed_in_the_middle_is_still_paid_for(app: App):
    with metered(app, ADA, release="r") as meter:
        meter.account.charge("m", Tokens(input=5), 0.5)
        remove_person(app, ADMINISTRATOR, "ada")
    assert budgets.spent(app, ADMINISTRATOR, kind="workspace").day.tokens == 5


def test_alerts_and_sums_that_are_over_are_forgotten_with_the_first_answer_of_a_day(tmp_path: Path):
    bench = a_bench(tmp_path)
    with opened(bench) as app:
        ask(app, ADA, QUESTION)
        with app.database.reading() as tx:
            assert tx.taken(Pool("person", "ada"), "2026-11").answers == 1
        bench.clock.now = NOON + timedelta(days=170)
        app.once("usage forgotten", dict[str, str])["day"] = ""
        ask(app, ADA, QUESTION)
        with app.database.reading() as tx:
            assert tx.taken(Pool("person", "ada"), "2026-11") == Taken()


# ---------------------------------------------------------------- requests of a minute


def test_requests_are_counted_by_person_key_and_address(tmp_path: Path):
    bench = a_bench(tmp_path, person={"requests_a_minute": 30}, key={"requests_a_minute": 20}, address={"requests_a_minute": 40})
    with opened(bench) as app:

        def let_in(actor: Actor, address: str) -> int:
            for count in range(100):
                try:
                    bench.clock.now = bench.clock.now.replace(second=0)
                    admit(app, actor, address)
                except LimitReached:
                    return count
            return 100

        widget = Actor(person="widget:site", key="site", via="http")
        assert (let_in(ADA, "10.0.0.1"), let_in(BOB, "10.0.0.1")) == (30, 10)
        assert (let_in(widget, "10.0.0.2"), let_in(BOB, "10.0.0.3")) == (20, 20)
        bench.clock.now += timedelta(minutes=1)
        assert let_in(ADA, "2001:db8::1") == 30
        assert let_in(BOB, "2001:db8::2") == 10


def test_two_processes_let_in_no_more_than_the_most_of_a_minute(tmp_path: Path):
    bench = a_bench(tmp_path, person={"requests_a_minute": 25})
    bench.clock = lambda: NOON
    with opened(bench) as one, bench.app() as other:

        def let_in(app: App) -> bool:
            try:
                admit(app, ADA)
            except LimitReached:
                return False
            return True

        with ThreadPoolExecutor(16) as threads:
            came = list(threads.map(let_in, [one, other] * 50))
        assert came.count(True) == 25
        with pytest.raises(LimitReached, match="more than 25 requests of yours came in this minute: try again in 60 seconds"):
            admit(one, ADA)


def test_no_limit_is_no_limit(tmp_path: Path):
    none = {"requests_a_minute": 0}
    with opened(a_bench(tmp_path, person=none, key=none, address=none)) as app:
        for _ in range(1000):
            admit(app, ADA, "10.0.0.1")
        with app.database.transaction() as tx:
            assert tx.request("person ada", "x", 1, 1) == 1


# ---------------------------------------------------------------- answers that are left


def test_whoever_leaves_after_a_sentence_has_used_an_answer_and_before_one_has_not(tmp_path: Path):
    model = ScriptedModel(name="scripted/model", rules=lambda _: f"{TRUE} {TRUE}", structured=False)
    with opened(a_bench(tmp_path, model, person={"answers_a_day": 1})) as app:
        told: list[str] = []
        with pytest.raises(ModelFailed):
            ask(app, ADA, QUESTION, cancelled=lambda: True)
        assert budgets.spent(app, ADA).day.answers == 0

        with pytest.raises(ModelFailed):
            ask(app, ADA, QUESTION, listen=lambda event: told.append(event.kind), cancelled=lambda: "sentence" in told)
        assert "sentence" in told
        assert budgets.spent(app, ADA).day.answers == 1
        with pytest.raises(LimitReached):
            ask(app, ADA, QUESTION)


def test_whoever_erases_themselves_and_comes_back_has_no_new_budget_until_the_day_is_over(tmp_path: Path):
    bench = a_bench(tmp_path, person={"answers_a_day": 1})
    with opened(bench) as app:
        with app.database.transaction() as tx:
            tx.add_person("olga", role="owner")
        make_live(app)
        for _ in range(2):
            with suppress(LimitReached):
                ask(app, BOB, QUESTION)
            erasing.erase(app, BOB, "bob")
            with app.database.transaction() as tx:
                tx.add_person("bob")
            with pytest.raises(LimitReached):
                ask(app, BOB, QUESTION)
            assert (budgets.spent(app, BOB).day.answers, budgets.spent(app, BOB).month.answers) == (1, 1)
        with app.database.reading() as tx:
            assert tx.usage_of("bob") == [], "and it is nobody's"
            alias = Pool("person", pseudonym(tx, "bob"))
        bench.clock.now += timedelta(days=1)
        ask(app, BOB, QUESTION)
        with app.database.reading() as tx:
            assert (tx.taken(alias, "2026-11-20"), tx.taken(alias, "2026-11").answers) == (Taken(), 1)


def test_what_an_answer_took_while_its_asker_was_erased_counts_if_they_come_back(tmp_path: Path):
    with opened(a_bench(tmp_path, person={"answers_a_day": 1})) as app:
        with app.database.transaction() as tx:
            tx.add_person("olga", role="owner")
        make_live(app)
        told: list[str] = []

        def erased(event: Event) -> None:
            if event.kind == "sentence" and not told:
                told.append(event.kind)
                erasing.erase(app, BOB, "bob")

        with pytest.raises(NotAllowed):
            ask(app, BOB, QUESTION, listen=erased)
        with app.database.transaction() as tx:
            tx.add_person("bob")
        with pytest.raises(LimitReached):
            ask(app, BOB, QUESTION)
        assert [row.name for row in budgets.spending(app, ADMINISTRATOR)] == [""]
