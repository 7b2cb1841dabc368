"""An audit is made of what its requirements found; whatever one of them does wrong lets nothing through."""

from dataclasses import replace
from typing import ClassVar

import pytest

from firmground.errors import Refused
from firmground.gate.audit import Evidence, Ruling
from firmground.gate.facts import Facts
from firmground.gate.making import audited, ruled
from firmground.gate.policy import SHIPPED, Policy
from firmground.testing.gate import ready, unknown
from firmground.types import Value

READY = ready()
GOOD = Ruling(requirement="theirs", asks="a.", verdict="pass", said="b", evidence=(Evidence(label="c", value="1.5 %"),))


class Theirs(Value):
    name: ClassVar[str] = "theirs"
    found: object = GOOD

    def rule(self, facts: Facts) -> Ruling:
        if isinstance(self.found, BaseException):
            raise self.found
        return self.found


def test_an_audit_says_what_it_is_of():
    made = audited(SHIPPED, READY, id="a1", by="ada", loosened=("cost.usd: 0.1 → 9, by bob",))
    assert READY.brief is not None
    of = (made.release, made.number, made.corpus, made.dataset, made.policy, made.brief, made.created_at, made.by)
    spec = READY.release.spec.digest
    assert of == (spec, 2, READY.corpus, READY.dataset, SHIPPED.digest, READY.brief.digest, READY.now, "ada")
    assert [each.requirement for each in made.rulings] == [each.name for each in SHIPPED.requirements]
    assert (made.passed, made.open, made.loosened) == (True, (), ("cost.usd: 0.1 → 9, by bob",))
    assert audited(SHIPPED, replace(READY, brief=None), id="a2", by="ada").brief == ""


def test_an_audit_of_nothing_or_of_what_is_not_known_has_not_passed():
    assert not audited(Policy(), READY, id="a1", by="ada").passed
    made = audited(SHIPPED, unknown(), id="a1", by="ada")
    assert len(made.open) == len(SHIPPED.requirements)
    assert not made.passed


def test_a_single_requirement_that_is_not_met_is_enough():
    made = audited(SHIPPED, replace(READY, unreadable_cases=1), id="a1", by="ada")
    assert [each.requirement for each in made.open] == ["unreadable_cases"]
    assert not made.passed


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (ZeroDivisionError("Jane Doe"), "it ended with an error (ZeroDivisionError)"),
        (KeyError(), "it ended with an error (KeyError)"),
        (Refused("no licence", "buy one"), "it ended with an error (Refused)"),
        (RecursionError("x" * 9999), "it ended with an error (RecursionError)"),
        (SystemExit(0), "it ended with an error (SystemExit)"),
        (None, "it found NoneType, which is no ruling"),
        ("pass", "it found str, which is no ruling"),
        (GOOD.model_copy(update={"requirement": "cost"}), "it ruled on cost, not on theirs"),
        (GOOD.model_copy(update={"evidence": ()}), "it passes without evidence"),
        (GOOD.model_copy(update={"evidence": (Evidence(label="p95", value="nan ms"),)}), "a figure it found is no number"),
        (GOOD.model_copy(update={"said": "at most inf"}), "a figure it found is no number"),
        (GOOD.model_copy(update={"said": "-NaN%"}), "a figure it found is no number"),
    ],
)
def test_a_requirement_that_raises_or_finds_nonsense_is_not_measured(found: object, said: str):
    ruling = ruled(Theirs(found=found), READY)
    assert (ruling.requirement, ruling.verdict, ruling.said) == ("theirs", "not_measured", said)
    assert ruling.remedy


def test_what_only_looks_like_no_number_is_left_alone():
    words = GOOD.model_copy(
        update={"said": "bread.nan and info for nancy", "evidence": (Evidence(label="nan", value="inference"),)}
    )
    assert ruled(Theirs(found=words), READY) == words
