"""What policy.toml may say, and every way in which it can ask less than before."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmground.errors import InvalidInput
from firmground.gate.direction import HIGHER, LOWER, MORE, NEITHER, direction_of
from firmground.gate.making import ruled
from firmground.gate.policy import SHIPPED, TEMPLATE, Gate, Gone, Policy, known, looser, read
from firmground.gate.requirements import SHIPPED as REQUIREMENTS
from firmground.testing.gate import ready
from firmground.types import Value

ASKED = [(name, field) for name, each in REQUIREMENTS.items() for field in each.model_fields]
GATED = [("gate", field) for field in Gate.model_fields]


def test_the_template_asks_for_everything_that_is_shipped_at_its_defaults():
    assert [each.name for each in SHIPPED.requirements] == list(REQUIREMENTS)
    assert SHIPPED.gate == Gate()
    assert [*SHIPPED.requirements] == [each() for each in REQUIREMENTS.values()]


def test_the_template_names_every_key():
    sections = {part.partition("]")[0]: part for part in TEMPLATE.split("\n[")[1:]}
    missing = [(name, field) for name, field in ASKED if f"\n{field} = " not in sections[f"requirements.{name}"]]
    assert missing == []
    assert [field for _, field in GATED if f"\n{field} = " not in sections["gate"]] == []


def test_what_is_absent_takes_its_default_and_the_order_of_the_file_changes_nothing():
    first = read("[requirements.cost]\nusd = 0.10\n[requirements.latency]")
    second = read("[gate]\napprovals = 1\n[requirements.latency]\np95_ms = 500.0\n[requirements.cost]")
    assert first == second
    assert first.digest == second.digest
    assert [each.name for each in first.requirements] == ["latency", "cost"]


def test_another_threshold_or_requirement_is_another_policy():
    texts = ["", "[requirements.sla]", "[requirements.brief]", "[requirements.cost]", "[requirements.cost]\nusd = 0.2"]
    assert len({read(text).digest for text in texts}) == len(texts)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[gat]", "unknown table gat in policy.toml: did you mean gate?"),
        ("[gate]\naproovals = 2", "unknown key gate.aproovals in policy.toml: did you mean approvals?"),
        (
            "[gate]\nzzz = 2",
            "unknown key gate.zzz in policy.toml: known: audit_valid_hours, approvals, override_hours, override_times, traffic_days",
        ),
        ("[gate]\napprovals = true", "gate.approvals in policy.toml cannot be used"),
        ("[gate]\napprovals = 0", "gate.approvals in policy.toml cannot be used"),
        ("[gate]\noverride_hours = inf", "gate.override_hours in policy.toml cannot be used: it must be a finite number"),
        ("[gate]\ntraffic_days = 2026-01-01", "gate.traffic_days in policy.toml cannot be used: it must be a finite number"),
        ("gate = 3", "gate in policy.toml cannot be used: it is a section: write [gate]"),
        ("requirements = 3", "requirements in policy.toml cannot be used: it is a section: write [requirements.<name>]"),
        (
            "[requirements]\ncost = 3",
            "requirements.cost in policy.toml cannot be used: it is a section: write [requirements.cost]",
        ),
        (
            "[requirements.halucination]",
            "unknown requirement requirements.halucination in policy.toml: did you mean hallucination?",
        ),
        ("[requirements.cost]\nuds = 1", "unknown key requirements.cost.uds in policy.toml: did you mean usd?"),
        ("[requirements.cost]\nusd = nan", "requirements.cost.usd in policy.toml cannot be used"),
        ('[requirements.cost]\nusd = "0.10"', "requirements.cost.usd in policy.toml cannot be used"),
        ("[requirements.hallucination]\nat_most = 2", "requirements.hallucination.at_most in policy.toml cannot be used"),
        (
            "[requirements.cases]\nleast = 0\nleast_of_each_kind = -1",
            "requirements.cases.least in policy.toml cannot be used (and 1 more)",
        ),
        ("[gate", "policy.toml is no TOML"),
    ],
)
def test_what_cannot_be_used_is_named_in_one_line_with_the_nearest(text: str, problem: str):
    with pytest.raises(InvalidInput) as raised:
        read(text)
    assert str(raised.value).startswith(problem)
    assert raised.value.remedy
    assert "\n" not in str(raised.value)


# ---------------------------------------------------------------- looser


@pytest.mark.parametrize(("name", "field"), [*GATED, *ASKED])
def test_every_setting_says_which_way_it_is_stricter(name: str, field: str):
    model = Gate if name == "gate" else REQUIREMENTS[name]
    assert direction_of(model, field) in {LOWER, HIGHER, MORE, NEITHER}


@pytest.mark.parametrize(("name", "field"), [*GATED, *ASKED])
def test_a_setting_that_moves_to_the_lax_side_is_found_and_to_the_strict_side_is_not(name: str, field: str):
    model = Gate if name == "gate" else REQUIREMENTS[name]
    before = getattr(model(), field)
    low, high = (
        (False, True) if isinstance(before, bool) else ((), ("a",)) if isinstance(before, tuple) else (before / 2, before * 2 + 1)
    )
    lax, strict = (high, low) if direction_of(model, field) == LOWER else (low, high)
    assert f"{name}.{field}" in " ".join(looser(_with(name, field, strict), _with(name, field, lax)))
    back = looser(_with(name, field, lax), _with(name, field, strict))
    assert bool(back) == (direction_of(model, field) == NEITHER)


def _with(name: str, field: str, value: object) -> Policy:
    if name == "gate":
        return SHIPPED.model_copy(update={"gate": SHIPPED.gate.model_copy(update={field: value})})
    changed = [
        each if each.name != name else REQUIREMENTS[name].model_construct(**{field: value}) for each in SHIPPED.requirements
    ]
    return SHIPPED.model_copy(update={"requirements": tuple(changed)})


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_a_requirement_that_is_taken_out_is_found_and_one_that_is_added_is_not(name: str):
    less = SHIPPED.model_copy(update={"requirements": tuple(each for each in SHIPPED.requirements if each.name != name)})
    assert looser(SHIPPED, less) == [f"{name} is no longer asked"]
    assert looser(less, SHIPPED) == []


def test_it_is_told_what_was_and_what_is():
    before = read("[gate]\napprovals = 2\n[requirements.hallucination]\n[requirements.governance]")
    after = read("[requirements.hallucination]\nat_most = 0.05\n[requirements.governance]\nowners = false")
    assert looser(before, after) == [
        "gate.approvals: 2 → 1",
        "hallucination.at_most: 0.02 → 0.05",
        "governance.owners: True → False",
    ]
    assert looser(SHIPPED, SHIPPED) == []


# ---------------------------------------------------------------- stored


def test_a_policy_that_was_stored_is_the_same_policy():
    stored = json.loads(json.dumps(SHIPPED.model_dump(mode="json"), sort_keys=True))
    assert Policy.model_validate(stored) == SHIPPED
    assert Policy.model_validate(stored).digest == SHIPPED.digest


def test_what_was_asked_once_and_is_not_known_any_more_passes_nothing_and_is_not_forgotten():
    stored = SHIPPED.model_dump(mode="json")
    stored["requirements"]["from_elsewhere"] = {"least": 3}
    stored["requirements"]["cost"] = {"euros": 1}
    then = Policy.model_validate(stored)
    assert then.model_dump(mode="json") == stored
    assert isinstance(then.requirement("cost"), Gone)
    assert {ruled(each, ready()).verdict for each in then.requirements if isinstance(each, Gone)} == {"not_measured"}
    assert looser(then, SHIPPED) == ["cost cannot be compared with what was asked before", "from_elsewhere is no longer asked"]


# ---------------------------------------------------------------- requirements of others


THEIRS = """
from typing import Annotated
from firmground.gate.audit import Evidence, Ruling
from firmground.gate.direction import MORE
from firmground.types import Value

class Signed(Value):
    name = "signed"
    who: Annotated[tuple[str, ...], MORE] = ()
    loose: int = 1

    def rule(self, facts):
        return Ruling(requirement="signed", asks="a.", verdict="pass", said="b", evidence=(Evidence(label="c", value="d"),))
""".replace('    name = "signed"', '    name: ClassVar[str] = "signed"').replace("import Annotated", "import Annotated, ClassVar")


@pytest.fixture
def theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package that adds requirements: one that works, one that cannot be imported, one that is none."""
    (tmp_path / "signing_gate.py").write_text(THEIRS)
    (tmp_path / "broken_gate.py").write_text("raise RuntimeError('no\\nlicence')")
    info = tmp_path / "signing-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: signing\nVersion: 1.0\n")
    lines = [
        "signed = signing_gate:Signed",
        "broken = broken_gate:Any",
        "plain = signing_gate:Evidence",
        "cost = signing_gate:Signed",
    ]
    (info / "entry_points.txt").write_text("\n".join(["[firmground.requirements]", *lines]))
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("theirs")
def test_a_requirement_of_somebody_else_is_asked_by_its_name():
    policy = read('[requirements.signed]\nwho = ["ada"]\n[requirements.sla]')
    assert [each.name for each in policy.requirements] == ["sla", "signed"]
    assert ruled(policy.requirements[1], ready()).verdict == "pass"
    assert "signed" in known()
    assert Policy.model_validate(json.loads(json.dumps(policy.model_dump(mode="json")))) == policy
    with pytest.raises(InvalidInput, match=r"did you mean signed\?"):
        read("[requirements.singed]")


@pytest.mark.usefixtures("theirs")
def test_theirs_cannot_stand_in_for_one_that_is_shipped():
    assert type(read("[requirements.cost]").requirements[0]) is REQUIREMENTS["cost"]


@pytest.mark.usefixtures("theirs")
def test_in_theirs_fewer_names_or_a_setting_without_direction_count_as_loosening():
    before = read('[requirements.signed]\nwho = ["ada", "bob"]')
    assert looser(before, read('[requirements.signed]\nwho = ["bob", "cy", "ada"]')) == []
    assert looser(before, read('[requirements.signed]\nwho = ["bob", "cy"]')) == ["signed.who: [ada, bob] → [bob, cy]"]
    assert looser(before, read('[requirements.signed]\nwho = ["ada", "bob"]\nloose = 2')) == ["signed.loose: 1 → 2"]
    assert looser(before, read('[requirements.signed]\nwho = ["ada", "bob"]\nloose = 0')) == ["signed.loose: 1 → 0"]


@pytest.mark.usefixtures("theirs")
@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("broken", "requirement broken in policy.toml cannot be loaded (RuntimeError: no licence): mend the package"),
        ("plain", "requirement plain in policy.toml cannot be used: signing_gate:Evidence must be"),
    ],
)
def test_one_that_cannot_be_loaded_is_named(name: str, problem: str):
    with pytest.raises(InvalidInput) as raised:
        read(f"[requirements.{name}]")
    assert str(raised.value).startswith(problem)


def test_a_policy_holds_values_only():
    class Unsettled:
        name = "unsettled"

    with pytest.raises(TypeError, match=r"is no firmground\.types\.Value"):
        looser(Policy(requirements=(Unsettled(),)), Policy(requirements=(Unsettled(),)))
    assert issubclass(Gone, Value)
