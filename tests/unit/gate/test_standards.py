"""Each control is computed: switched off, its row changes; each figure is the latest, and what is missing stays in plain sight."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from firmground.accounts import ApiKey
from firmground.errors import NotFound
from firmground.evaluate.cases import Case
from firmground.evaluate.report import Report, Share
from firmground.gate.audit import Audit, Ruling
from firmground.gate.brief import Brief
from firmground.gate.facts import Exercise, Facts, SourceState, Traffic
from firmground.gate.policy import SHIPPED
from firmground.gate.standards import EDITIONS, mapped, standard
from firmground.gate.standards.controls import BUILT_IN, CONTROLS
from firmground.gate.standards.measures import MEASURES
from firmground.gate.standards.setup import Setup
from firmground.release.record import Live, Override, Release
from firmground.release.spec import ReleaseSpec, candidate
from firmground.settings import Settings

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
SECURE: dict[str, Any] = {
    "sources": [{"name": "hr", "path": "hr", "groups": ["hr"], "personal_data": "mask"}],
    "answer": {
        "model": "local/m",
        "fallbacks": ["local/n"],
        "judge": "local/j",
        "budget_usd": 0.05,
        "out_of_scope": ["What is the weather?"],
        "threshold": 0.5,
    },
    "models": {"local": {"base_url": "https://models.example/v1"}},
    "serve": {"url": "https://ask.example"},
    "oidc": {"issuer": "https://id.example", "client_id": "firmground"},
    "limits": {"workspace": {"usd_a_month": 100}},
    "retention": {"answers": 400},
    "consent": {"text_file": "prompts/consent.md"},
}
CASE = Case.model_validate({"id": "c", "kind": "sensitive", "question": "Whose?", "unacceptable": ["salary"]})
BRIEF = Brief.model_validate(
    {
        **dict.fromkeys(("workflow_owner", "decision_owner", "user_role", "trigger", "input", "ai_task", "output"), "said"),
        **dict.fromkeys(
            ("review_point", "final_action", "fallback_path", "consequence_of_error", "alert_owner", "rollback_path"), "said"
        ),
        **{key: ["said"] for key in ("allowed_actions", "blocked_actions", "known_limitations")},
        "success_metric": {"name": "time", "baseline": "an hour", "target": "a minute"},
        "sla": {"alert_route": "a channel"},
        "first_review": "2027-01-15",
    }
)


def a_spec(settings: Settings, *, calibrated: str = "your documents") -> ReleaseSpec:
    spec = candidate(settings, "e")
    confidence = spec.answering.confidence.model_copy(update={"calibrated_on": calibrated})
    return spec.model_copy(update={"answering": spec.answering.model_copy(update={"confidence": confidence})})


def a_release(settings: Settings, number: int = 3, **more: str) -> Release:
    return Release(number=number, spec=a_spec(settings, **more), settings={}, by="ada", created_at=NOW)


def a_live(**more: Any) -> Live:
    return Live(**{"number": 3, "release": "a", "since": NOW, "by": "ada", "audit": "a1", **more})


def a_setup(settings: dict[str, Any] = SECURE, **facts: Any) -> Setup:
    """Everything on."""
    read = Settings.model_validate(settings)
    known: dict[str, Any] = {
        "release": a_release(read),
        "cases": [CASE],
        "brief": BRIEF,
        "sources": [SourceState(name="hr", owner="ada")],
        "calibration_stale": 0.0,
        **facts,
    }
    policy = SHIPPED.model_copy(update={"gate": SHIPPED.gate.model_copy(update={"approvals": 2})})
    keys = [ApiKey(name="ci", person="ada", scopes=("ask",), created_at=NOW, expires_at=NOW)]
    return Setup(
        settings=read, facts=Facts(now=NOW, **known), owner=True, keys=keys, policy=policy, live=a_live(), audit=None, entries=7
    )


def without(key: str, **values: Any) -> Setup:
    return a_setup({**SECURE, key: {**SECURE.get(key, {}), **values}})


def changed_brief(**fields: Any) -> Setup:
    return a_setup(brief=Brief.model_validate({**BRIEF.model_dump(mode="json"), **fields}))


ON = a_setup()
QUOTING = without("answer", model="extractive")
OFF: dict[str, Setup] = {
    "quarantine": without("guard", quarantine_instructions=False),
    "masked": a_setup({**SECURE, "sources": [{"name": "hr", "path": "hr", "groups": ["hr"]}]}),
    "masked_questions": without("guard", questions="allow"),
    "out_of_scope": without("answer", out_of_scope=[]),
    "refuses": without("answer", threshold=0.0),
    "calibrated": a_setup(release=a_release(Settings.model_validate(SECURE), calibrated="")),
    "quotes": ON,
    "checked": QUOTING,
    "judge": without("answer", judge=""),
    "budget": without("answer", budget_usd=None),
    "fallbacks": without("answer", fallbacks=[]),
    "servers": a_setup({**SECURE, "models": {"local": {"base_url": "http://models.example/v1"}}}),
    "local_embedder": without("index", embedder="local/embedder"),
    "pinned": without("index", embedder="some/folder"),
    "frozen": a_setup(release=a_release(Settings.model_validate(SECURE), number=0)),
    "accounts": replace(ON, owner=False),
    "permissions": a_setup({**SECURE, "sources": [{"name": "hr", "path": "hr"}]}),
    "hosts": a_setup({**SECURE, "serve": {}, "oidc": {}}),
    "keys_expire": replace(ON, keys=[ApiKey(name="ci", person="ada", created_at=NOW)]),
    "keys_scoped": replace(ON, keys=[ApiKey(name="ci", person="ada", created_at=NOW, expires_at=NOW)]),
    "sign_on": a_setup({**SECURE, "oidc": {}}),
    "budgets": without("limits", workspace={}),
    "retention": without("retention", answers=0),
    "consent": without("consent", text_file=""),
    "cases": a_setup(shipped_cases=frozenset({CASE.digest})),
    "sensitive_cases": a_setup(cases=[CASE.model_copy(update={"kind": "normal"})]),
    "policy": replace(ON, policy=None),
    "approvals": replace(ON, policy=SHIPPED),
    "gate": replace(ON, live=a_live(audit="")),
    "ledger": replace(ON, entries=0),
    "governed": a_setup(sources=[SourceState(name="hr", owner="ada"), SourceState(name="it")]),
    "owners": changed_brief(decision_owner=""),
    "purpose": changed_brief(trigger="TODO"),
    "task": changed_brief(ai_task=""),
    "limitations": changed_brief(known_limitations=[]),
    "actions": changed_brief(blocked_actions=[]),
    "review": changed_brief(review_point=""),
    "consequence": changed_brief(consequence_of_error="?"),
    "metric": changed_brief(success_metric={"name": "time"}),
    "alerts": changed_brief(alert_owner=""),
    "fallback_path": changed_brief(fallback_path=""),
    "rollback_path": changed_brief(rollback_path=""),
    "review_date": changed_brief(first_review=None),
}


def test_every_control_is_tried_off():
    assert OFF.keys() == CONTROLS.keys()


@pytest.mark.parametrize("name", list(CONTROLS))
def test_a_control_that_is_switched_off_is_told_as_off_and_its_row_changes(name: str):
    on, off = (QUOTING if name == "quotes" else ON), OFF[name]
    assert CONTROLS[name].look(on) != ""
    assert CONTROLS[name].look(off) == ""
    rows = 0
    for edition in EDITIONS:
        for item, before, after in zip(
            standard(edition).items, mapped(standard(edition), on).rows, mapped(standard(edition), off).rows, strict=True
        ):
            if name in item.controls:
                rows += 1
                assert CONTROLS[name].look(on) in before.controls
                assert CONTROLS[name].look(on) not in after.controls
                assert [each.how for each in after.off if each.control == name] == (
                    [CONTROLS[name].how] if CONTROLS[name].how else []
                )
    assert rows, "no item of any edition is answered by it"


def test_an_unfinished_brief_and_the_brief_of_the_sample_answer_nothing():
    for setup in (a_setup(brief=None), changed_brief(sample=True)):
        assert CONTROLS["owners"].look(setup) == ""


def test_what_is_live_by_an_exception_did_not_pass():
    override = Override.model_validate({"expires_at": NOW, "findings": ()})
    assert CONTROLS["gate"].look(replace(ON, live=a_live(override=override))) == ""
    assert CONTROLS["gate"].look(replace(ON, live=None)) == ""


def test_a_calibration_of_other_documents_is_none():
    assert CONTROLS["calibrated"].look(a_setup(calibration_stale=None)) == ""


def a_share(events: int = 0, cases: int = 40) -> Share:
    return Share(events=events, cases=cases, low=0, high=0.1, upper=0.072)


def a_report(**more: Any) -> Report:
    known: dict[str, Any] = {
        "id": "e1",
        "release": "a" * 64,
        "corpus": "3",
        "dataset": "d" * 64,
        "created_at": NOW,
        "seconds": 1.0,
        "passed": a_share(30),
        "answered_wrongly": a_share(1),
        "wrongly_refused": a_share(2),
        "disclosed": a_share(),
        "behaviours": {},
        "sources": {},
        "retrieval": {},
        "total_ms": {},
        "cost_usd": 0.01,
        "kinds": {kind: {"passed": a_share(9, 10), "answered": 1, "faults": {}} for kind in ("sensitive", "out_of_scope")},
        "first_sentence_ms": {"p95": 160.0},
        "rivals": [{"name": "bm25", "passed": a_share(), "answered_wrongly": a_share(), "better": 9, "worse": 1, "p": 0.02}],
    }
    return Report.model_validate({**known, **more})


def measured() -> Setup:
    names = ("personal_data", "access", "red_team", "fallback", "log", "feedback", "restore")
    exercises = {name: Exercise(name=name, at=NOW, passed=True, tried=5, said="All held.") for name in names}
    facts = {"report": a_report(), "exercises": exercises, "traffic": Traffic(answers=12, days=7)}
    rulings = (
        Ruling(requirement="brief", asks="?", verdict="pass", said="ok"),
        Ruling(requirement="cost", asks="?", verdict="fail", said="no"),
    )
    audit = Audit.model_validate(
        {
            **dict.fromkeys(("id", "release", "corpus", "dataset", "policy", "brief", "by"), "x"),
            "number": 3,
            "created_at": NOW,
            "rulings": rulings,
        }
    )
    return replace(a_setup(**facts), audit=audit)


@pytest.mark.parametrize("name", list(MEASURES))
def test_a_measurement_tells_its_figure_day_and_place_and_without_one_what_would_measure_it(name: str):
    found = MEASURES[name].look(measured())
    assert found is not None
    assert any(sign.isdigit() for sign in found.value)
    assert (found.at, found.href.startswith("/")) == (NOW, True)
    assert MEASURES[name].look(replace(a_setup(calibration_stale=None), audit=None)) is None
    assert MEASURES[name].how


def test_what_nobody_tried_was_not_measured_and_what_failed_says_so():
    nothing = Exercise(name="access", at=NOW, passed=True, tried=0, said="Nothing to try.")
    assert MEASURES["access"].look(a_setup(exercises={"access": nothing})) is None
    failed = Exercise(name="access", at=NOW, passed=False, tried=5, failed=1, said="One got in.")
    found = MEASURES["access"].look(a_setup(exercises={"access": failed}))
    assert found is not None
    assert found.value == "failed: 1 of 5 failed. One got in."


def test_a_figure_on_the_labels_of_the_sample_says_so():
    own, shipped = measured(), replace(measured(), facts=replace(measured().facts, shipped_cases=frozenset({CASE.digest})))
    told = [MEASURES["wrong"].look(each) for each in (own, shipped)]
    assert ["sample" in each.value for each in told if each] == [False, True]


def test_the_state_says_what_there_is_and_none_stays_in_plain_sight():
    bare = Setup(settings=Settings(), facts=Facts(now=NOW, release=a_release(Settings(), number=0)))
    frame = standard("nist-ai-rmf-1.0")
    states = {row.id: row.state for row in mapped(frame, bare).rows}
    assert (states["GOVERN 1"], states["GOVERN 3"], states["MAP 5"], states["MANAGE 1"]) == ("none",) * 4
    states = {row.id: row.state for row in mapped(frame, measured()).rows}
    assert (states["GOVERN 1"], states["GOVERN 3"], states["MAP 5"]) == ("configured_and_measured", "none", "configured")
    only = replace(measured(), policy=None, entries=0)
    assert {row.id: row.state for row in mapped(frame, only).rows}["GOVERN 1"] == "measured"
    counted = mapped(frame, measured()).counted()
    assert sum(counted.values()) == len(frame.items) == 19


def test_every_item_is_there_once_and_names_only_what_there_is():
    counts = {edition: len(standard(edition).items) for edition in EDITIONS}
    assert counts == {"owasp-llm-2026": 10, "owasp-llm-2025": 10, "nist-ai-rmf-1.0": 19, "nist-ai-600-1": 12}
    for edition in EDITIONS:
        listed = standard(edition)
        assert len({item.id for item in listed.items}) == len(listed.items)
        assert listed.publisher
        assert listed.published
        assert listed.url.startswith("https://")
        for item in listed.items:
            assert set(item.controls) <= CONTROLS.keys()
            assert set(item.built_in) <= BUILT_IN.keys()
            assert set(item.measures) <= MEASURES.keys()
            assert len(item.title) < 60, "a title, and no text"
            assert item.missing or item.controls, item.id


def test_the_identifiers_are_those_of_the_publications():
    for year in (2025, 2026):
        assert [item.id for item in standard(f"owasp-llm-{year}").items] == [f"LLM{n:02}:{year}" for n in range(1, 11)]
    functions = {"GOVERN": 6, "MAP": 5, "MEASURE": 4, "MANAGE": 4}
    assert [item.id for item in standard("nist-ai-rmf-1.0").items] == [
        f"{name} {n}" for name, count in functions.items() for n in range(1, count + 1)
    ]
    assert [item.id for item in standard("nist-ai-600-1").items] == [f"2.{n}" for n in range(1, 13)]
    titles = {item.id: item.title for item in standard("owasp-llm-2026").items}
    assert (titles["LLM03:2026"], titles["LLM08:2026"]) == ("Excessive Agency", "Hidden Context Exposure")
    assert {item.title for item in standard("nist-ai-rmf-1.0").items} == {""}, "it gives its categories no short titles"


def test_an_unknown_edition_is_refused_with_those_there_are():
    with pytest.raises(NotFound, match="use one of owasp-llm-2026"):
        standard("owasp-llm-2024")
    with pytest.raises(NotFound):
        standard("../brief")
