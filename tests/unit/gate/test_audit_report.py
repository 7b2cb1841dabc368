"""An audit as a file."""

import json
from datetime import UTC, datetime

import pytest

from firmground.app.launching.audit_report import as_json, as_markdown, as_page, headline, in_short
from firmground.gate.audit import Audit, Evidence, Ruling, Verdict


def ruling(name: str, verdict: Verdict = "pass", **more: object) -> Ruling:
    return Ruling.model_validate(
        {"requirement": name, "asks": f"{name} is asked", "verdict": verdict, "said": f"{name} is said", **more}
    )


def audit(*rulings: Ruling, number: int = 3, **more: object) -> Audit:
    known = {"release": "a" * 64, "corpus": "7", "dataset": "d" * 64, "policy": "p" * 64, "brief": "", "by": "ada"}
    at = datetime(2026, 11, 20, 9, tzinfo=UTC)
    return Audit.model_validate({"id": "x", "number": number, "created_at": at, "rulings": rulings, **known, **more})


MIXED = audit(
    ruling("latency"),
    ruling("brief", "not_measured", remedy="write brief.toml", owner="eva"),
    ruling("cost", "not_proven"),
    ruling("hallucination", "fail", evidence=[Evidence(label="wrong", value="3 of 50", command="firmground evaluate 3")]),
    loosened=("cost.at_most went from 0.1 to 0.5, says ada",),
)


@pytest.mark.parametrize(
    ("of", "outdated", "told"),
    [
        (MIXED, (), "May not go live: 3 of 4 not met"),
        (audit(ruling("a"), ruling("b")), (), "May go live: 2 of 2 met"),
        (audit(ruling("a"), ruling("b")), ("the policy changed",), "May not go live: this audit does not count any more"),
        (audit(), (), "May not go live: the policy asks for nothing, which proves nothing"),
        (audit(ruling("a"), ruling("b"), number=0), (), "May go live once it is released: 2 of 2 met"),
    ],
)
def test_the_first_sentence_is_the_verdict(of: Audit, outdated: tuple[str, ...], told: str) -> None:
    assert headline(of, outdated) == told


def test_the_gravest_comes_first_in_every_form() -> None:
    page, text = as_page(MIXED), as_markdown(MIXED)
    for whole in (page, text):
        places = [whole.index(f"{name}: 1") for name in ("Failed", "Not proven", "Not measured", "Passed")]
        assert places == sorted(places)
        assert "firmground evaluate 3" in whole
        assert "write brief.toml" in whole
        assert "eva" in whole
        assert "says ada" in whole


def test_a_page_asks_nothing_of_anybody_and_runs_nothing() -> None:
    page = as_page(
        audit(
            ruling(
                "a<script>",
                "fail",
                remedy="<img src=http://x>",
                evidence=[Evidence(label="<b>", value="&", href="/x", command="<i>")],
            )
        )
    )
    assert "<script" not in page
    assert "<img" not in page
    assert "<b>" not in page
    assert "<i>" not in page
    assert "href=" not in page


def test_markdown_shows_what_was_found_as_it_is() -> None:
    text = as_markdown(
        audit(ruling("a", "fail", remedy="see [x](http://y)\n# now", evidence=[Evidence(label="l", value="*v*", command="a`b")]))
    )
    assert "[x](" not in text
    assert "\n# now" not in text
    assert "*v*" not in text.replace(r"\*", "")
    assert "(`a'b`)" in text


def test_json_says_all_of_it_and_the_verdict() -> None:
    told = json.loads(as_json(MIXED, ["the policy changed"]))
    assert Audit.model_validate({name: value for name, value in told.items() if name in Audit.model_fields}) == MIXED
    assert (told["passed"], told["outdated"]) == (False, ["the policy changed"])


def test_requirements_that_are_no_longer_asked_by_one_decision_are_told_in_one_line():
    ada, bob = "(Ada on 2026-11-20: a pilot)", "(Bob on 2026-11-21: so be it)"
    lines = [
        f"brief is no longer asked {ada}",
        f"cases.least: 50 to 2 {ada}",
        f"cost is no longer asked {ada}",
        f"sla is no longer asked {bob}",
    ]
    assert in_short(lines) == [f"2 requirements are no longer asked: brief, cost {ada}", lines[1], lines[3]]
    assert in_short(["brief is no longer asked", "sla is no longer asked"]) == ["2 requirements are no longer asked: brief, sla"]
    assert in_short(["one way", "one way"]) == ["one way"]
    assert in_short([]) == []
