"""The policy: what a release must prove before it may go live, as `policy.toml` says it."""

import difflib
import json
import tomllib
from collections.abc import Iterable, Mapping
from importlib.metadata import entry_points
from importlib.resources import files
from typing import Annotated, Any, cast

from pydantic import Field, PlainSerializer, PlainValidator, ValidationError

from firmground.errors import InvalidInput
from firmground.gate.audit import Ruling
from firmground.gate.brief import in_words
from firmground.gate.direction import HIGHER, LOWER, NEITHER, laxer
from firmground.gate.facts import Facts
from firmground.gate.requirement import Requirement
from firmground.gate.requirements import SHIPPED as _SHIPPED
from firmground.types import Json, Value

FILE_NAME = "policy.toml"
GROUP = "firmground.requirements"
"""Entry points of requirements that others add: name → class."""


class Gate(Value):
    """How long an audit counts, who must agree, and how long an override lasts."""

    audit_valid_hours: Annotated[float, LOWER] = Field(
        default=24.0, gt=0, le=8760, description="How old an audit may be when it is relied on."
    )
    approvals: Annotated[int, HIGHER] = Field(
        default=1, ge=1, le=10, description="Different people who must agree, the one who promotes included."
    )
    override_hours: Annotated[float, LOWER] = Field(default=72.0, gt=0, le=8760, description="After which an override lapses.")
    override_times: Annotated[int, LOWER] = Field(
        default=2, ge=0, le=100, description="How often in a row the same release may be live by override; 0: never."
    )
    traffic_days: Annotated[float, NEITHER] = Field(
        default=7.0, gt=0, le=365, description="How far back real answers are looked at."
    )


class Gone(Value):
    """What a policy asked that this installation does not know: it cannot be measured, so nothing passes by it."""

    name: str
    fields: dict[str, Json] = Field(default_factory=dict[str, Json])

    def rule(self, facts: Facts) -> Ruling:  # noqa: ARG002 - whatever they are
        asks = f"{self.name}, which is not installed here"
        remedy = f"install the package that adds it, or take [requirements.{self.name}] out of {FILE_NAME}"
        return Ruling(requirement=self.name, asks=asks, verdict="not_measured", said="it is not installed", remedy=remedy)


def _in_order(requirements: Iterable[Requirement]) -> tuple[Requirement, ...]:
    """The shipped ones as on the launch board, then others by name: the order of the file changes nothing."""
    order = {name: place for place, name in enumerate(_SHIPPED)}
    return tuple(sorted(requirements, key=lambda each: (order.get(each.name, len(order)), each.name)))


def _restored(given: Any) -> tuple[Requirement, ...]:
    """Requirements, or what was stored of them by name."""
    if not isinstance(given, Mapping):
        return _in_order(cast("Iterable[Requirement]", given))
    return _in_order(_kept(name, fields) for name, fields in cast("Mapping[str, dict[str, Json]]", given).items())


def _kept(name: str, fields: dict[str, Json]) -> Requirement:
    try:
        return _made(name, fields)
    except InvalidInput:
        return Gone(name=name, fields=fields)


def _stored(requirements: tuple[Requirement, ...]) -> dict[str, Json]:
    return {each.name: each.fields if isinstance(each, Gone) else _value(each).model_dump(mode="json") for each in requirements}


class Policy(Value):
    """What is asked, and under which conditions it counts. It can be stored as JSON and validated again: a requirement that is not known
    any more is kept as `Gone`."""

    gate: Gate = Gate()
    requirements: Annotated[tuple[Requirement, ...], PlainValidator(_restored), PlainSerializer(_stored)] = ()

    def requirement(self, name: str) -> Requirement | None:
        return next((each for each in self.requirements if each.name == name), None)


def read(text: str) -> Policy:
    """What a policy.toml asks. InvalidInput in one line: the key that cannot be used and, for an unknown one, the nearest known."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{FILE_NAME} is no TOML ({error})", "mend it there") from None
    for name in content:
        if name not in Policy.model_fields:
            raise _unknown("table" if isinstance(content[name], dict) else "key", name, list(Policy.model_fields))
    gate = _checked(Gate, "gate", content.get("gate", {}))
    asked = content.get("requirements", {})
    if not isinstance(asked, dict):
        raise InvalidInput(f"requirements in {FILE_NAME} cannot be used", "it is a section: write [requirements.<name>]")
    return Policy(gate=gate, requirements=tuple(_made(name, given) for name, given in cast("dict[str, Any]", asked).items()))


def looser(before: Policy, after: Policy) -> list[str]:
    """Every way in which `after` asks less than `before`, one line each; a change that has no order counts. Empty where it asks as much."""
    found = [f"gate.{each}" for each in laxer(before.gate, after.gate)]
    for then in before.requirements:
        now = after.requirement(then.name)
        if now is None:
            found.append(f"{then.name} is no longer asked")
        elif type(now) is not type(then):
            found.append(f"{then.name} cannot be compared with what was asked before")
        else:
            found += [f"{then.name}.{each}" for each in laxer(_value(then), _value(now))]
    return found


def known() -> list[str]:
    """Names of all requirements that a policy can ask for here: the shipped ones, then those that others add."""
    return [*_SHIPPED, *sorted({each.name for each in entry_points(group=GROUP)} - set(_SHIPPED))]


def _made(name: str, given: Any) -> Requirement:
    return cast("Requirement", _checked(_class_of(name), f"requirements.{name}", given))


def _class_of(name: str) -> type[Value]:
    """The shipped class of this name, or else the one that another package adds, loaded now."""
    if name in _SHIPPED:
        return _SHIPPED[name]
    entry = next(iter(entry_points(group=GROUP, name=name)), None)
    if entry is None:
        raise _unknown("requirement", f"requirements.{name}", [f"requirements.{each}" for each in known()])
    try:
        found = entry.load()
    except Exception as error:  # noqa: BLE001 - whatever another's package does when it is imported, the policy says which it was
        why = f"{type(error).__name__}: {error}"
        raise InvalidInput(
            f"requirement {name} in {FILE_NAME} cannot be loaded ({why})", f"mend the package that adds {entry.value}"
        ) from None
    if not (
        isinstance(found, type) and issubclass(found, Value) and getattr(found, "name", None) == name and hasattr(found, "rule")
    ):
        told = f"a firmground.types.Value with the name {name!r} and a method `rule`"
        raise InvalidInput(f"requirement {name} in {FILE_NAME} cannot be used", f"{entry.value} must be {told}")
    return found


def _checked(model: type[Value], place: str, given: Any) -> Any:
    """A section of the file, each value as it is written: "5" is no number, and neither is nan."""
    if not isinstance(given, dict):
        raise InvalidInput(f"{place} in {FILE_NAME} cannot be used", f"it is a section: write [{place}]")
    fields = cast("dict[str, Any]", given)
    for key in fields:
        if key not in model.model_fields:
            raise _unknown("key", f"{place}.{key}", [f"{place}.{each}" for each in model.model_fields])
    for key, value in fields.items():
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError):
            raise InvalidInput(
                f"{place}.{key} in {FILE_NAME} cannot be used", "it must be a finite number, text, or a list"
            ) from None
    try:
        return model.model_validate_json(json.dumps(fields), strict=True)
    except ValidationError as error:
        first, more = error.errors(include_url=False)[0], error.error_count() - 1
        where = ".".join([place, *map(str, first["loc"])])
        also = f" (and {more} more)" if more else ""
        raise InvalidInput(f"{where} in {FILE_NAME} cannot be used{also}", in_words(first)) from None


def _unknown(what: str, name: str, among: list[str]) -> InvalidInput:
    close = difflib.get_close_matches(name, among, n=1, cutoff=0.5)
    short = [each.rpartition(".")[2] for each in among]
    hint = f"did you mean {close[0].rpartition('.')[2]}?" if close else f"known: {', '.join(short)}"
    return InvalidInput(f"unknown {what} {name[:80]} in {FILE_NAME}", hint)


def _value(requirement: Requirement) -> Value:
    if not isinstance(requirement, Value):
        raise TypeError(f"requirement {requirement.name} is no firmground.types.Value")
    return requirement


TEMPLATE = files("firmground.gate").joinpath(f"{FILE_NAME}.template").read_text(encoding="utf-8")
"""What a new workspace starts with: everything that can be asked, at the thresholds the product stands for."""
SHIPPED: Policy = read(TEMPLATE)
