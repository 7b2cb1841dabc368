"""A dataset is looked at before anything is measured with it."""

from itertools import combinations
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from firmground.evaluate.cases import Case
from firmground.evaluate.checks import Flaw, flaws, needed
from firmground.evaluate.files import Dataset, Place, Placed, load

KINDS = ["normal", "messy", "missing_context", "sensitive", "out_of_scope"]


def a_case(name: str, question: str = "", **more: object) -> dict[str, object]:
    expect = more.pop("expect", {"behaviour": "answer", "contains": ["five"], "sources": ["leave.md"]})
    return {
        "id": name,
        "question": question or f"what of {name}?",
        "expect": expect,
        "unacceptable": ["ten"],
        "owner": "hr",
        **more,
    }


def full() -> list[dict[str, object]]:
    """Enough of each kind, and nothing wrong."""
    cases = [a_case(f"n{number}", f"tell me {number} about subject{number} now{number}") for number in range(40)]
    for kind in KINDS[1:]:
        behaviour = "abstain" if kind in {"missing_context", "out_of_scope"} else "answer"
        expect = {"behaviour": behaviour} if behaviour == "abstain" else {"contains": ["five"], "sources": ["leave.md"]}
        cases += [a_case(f"{kind}{at}", f"{kind} word{at} other{at} more{at}", kind=kind, expect=expect) for at in range(5)]
    return cases


def found(tmp_path: Path, cases: list[dict[str, object]], state: str = "indexed") -> list[Flaw]:
    (tmp_path / "golden").mkdir(exist_ok=True)
    (tmp_path / "golden" / "all.yaml").write_text(yaml.safe_dump(cases))
    return flaws(load(tmp_path), lambda case, source: state)


def codes(found: list[Flaw]) -> set[str]:
    return {flaw.code for flaw in found}


def test_a_sound_dataset_has_no_flaws(tmp_path: Path) -> None:
    assert found(tmp_path, full()) == []


@pytest.mark.parametrize(
    ("change", "code", "severity"),
    [
        (a_case("n1", "tell me 0 about subject0 now0"), "duplicate", "warning"),
        (
            a_case("n1", "Tell me  0 about subject0 now0", expect={"contains": ["six"], "sources": ["a"]}),
            "contradiction",
            "error",
        ),
        (a_case("n1", expect={"contains": ["five"]}), "no_source", "warning"),
        (a_case("n1", expect={"sources": ["leave.md"]}), "nothing_expected", "warning"),
        (a_case("n1", expect={"behaviour": "abstain", "contains": ["five"]}), "not_looked_at", "warning"),
        (a_case("n1", unacceptable=[]), "nothing_unacceptable", "warning"),
        (a_case("n1", unacceptable=["five"]), "contradicts_itself", "error"),
        (a_case("n1", kind="out_of_scope"), "contradicts_itself", "error"),
        (a_case("n1", owner=""), "no_owner", "warning"),
        (a_case("n1", "one two three four five six seven eight nine ten"), "near_duplicate", "warning"),
    ],
)
def test_each_flaw_is_told_with_its_case(tmp_path: Path, change: dict[str, object], code: str, severity: str) -> None:
    cases = full()
    cases[1] = change
    cases[2] = a_case("n2", "one two three four five six seven eight nine ten and")
    (flaw,) = found(tmp_path, cases)
    assert (flaw.code, flaw.severity) == (code, severity)
    assert flaw.case in {"n1", "n2"}
    assert flaw.remedy


@pytest.mark.parametrize(
    ("state", "code"), [("absent", "source_absent"), ("waiting", "source_waits"), ("hidden", "source_hidden")]
)
def test_a_source_that_cannot_be_reached_is_an_error(tmp_path: Path, state: str, code: str) -> None:
    assert codes(found(tmp_path, full(), state)) == {code}


def test_one_of_several_sources_is_enough() -> None:
    case = Case.model_validate(a_case("a", expect={"contains": ["five"], "sources": [["gone.md", "leave.md"]]}))
    dataset = Dataset((Placed(case, Place("x", 1)),), ())
    states = {"gone.md": "absent", "leave.md": "indexed"}
    assert "source_absent" not in codes(flaws(dataset, lambda _, source: states[source]))


def test_too_few_cases_and_thin_or_missing_kinds_are_told(tmp_path: Path) -> None:
    cases = [
        *[case for case in full() if case.get("kind") not in {"messy", "sensitive"}][:45],
        a_case("m", "hm huh", kind="messy"),
    ]
    assert codes(found(tmp_path, cases)) == {"too_few", "kind_thin", "kind_missing"}


def test_what_is_retired_counts_for_nothing(tmp_path: Path) -> None:
    assert found(tmp_path, [*full(), a_case("old", owner="", status="retired")]) == []


def test_it_says_how_many_cases_a_threshold_takes() -> None:
    two, five = needed()
    assert (two.at_least, five.at_least) == (149, 59)
    assert two.for_power > two.at_least


@given(st.lists(st.sets(st.sampled_from("abcdefghijklmnopqrstuvw"), min_size=1), min_size=2, max_size=12, unique_by=frozenset))
def test_every_two_questions_that_share_almost_all_words_are_found_and_no_others(questions: list[set[str]]):
    cases = [Case(id=f"c{n}", question=" ".join(sorted(words))) for n, words in enumerate(questions)]
    dataset = Dataset(tuple(Placed(case, Place("all.yaml", n + 1)) for n, case in enumerate(cases)), ())
    told = sorted((flaw.case, flaw.detail.split("'")[1]) for flaw in flaws(dataset) if flaw.code == "near_duplicate")
    pairs = combinations(enumerate(questions), 2)
    assert told == sorted((f"c{b}", f"c{a}") for (a, one), (b, two) in pairs if len(one & two) > 0.85 * len(one | two))
