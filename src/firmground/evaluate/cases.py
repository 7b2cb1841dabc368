"""Golden cases: what is asked, by whom, what must be said, and what must never be."""

import difflib
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias, cast, get_args

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError

from firmground.errors import InvalidInput
from firmground.types import AnswerStatus, Value

Kind: TypeAlias = Literal["normal", "messy", "missing_context", "sensitive", "out_of_scope"]
Behaviour: TypeAlias = Literal["answer", "clarify", "abstain", "refuse", "escalate"]
CaseStatus: TypeAlias = Literal["draft", "active", "retired"]
KINDS: tuple[Kind, ...] = get_args(Kind)
BEHAVIOURS: tuple[Behaviour, ...] = get_args(Behaviour)

LONGEST = 4000
"""Characters of a question, as everywhere."""

AS_EXPECTED: Mapping[Behaviour, frozenset[AnswerStatus]] = {
    "answer": frozenset({"answered", "weak"}),
    "clarify": frozenset({"clarify"}),
    "abstain": frozenset({"abstained", "out_of_scope"}),
    "refuse": frozenset({"blocked", "out_of_scope"}),
    "escalate": frozenset({"draft"}),
}
"""Which states of an answer are the expected behaviour."""


def _alternatives(given: Any) -> Any:
    """Each entry of a list becomes a tuple of alternatives; what is no list is left for the type to refuse."""
    if not isinstance(given, list | tuple):
        return given
    entries = cast("list[Any]", given)
    return tuple(tuple(cast("list[Any]", each)) if isinstance(each, list | tuple) else (each,) for each in entries)


def _pattern_holds(text: str) -> str:
    pattern_of(text)
    return text


Term: TypeAlias = Annotated[str, Field(min_length=1, max_length=LONGEST), BeforeValidator(_pattern_holds)]
"""Words that may be said, or a pattern between slashes."""
Terms: TypeAlias = Annotated[tuple[Annotated[tuple[Term, ...], Field(min_length=1)], ...], BeforeValidator(_alternatives)]
"""Each must be there; one with several alternatives is there when any of them is."""


class Expectation(Value):
    behaviour: Behaviour = "answer"
    contains: Terms = ()
    """What the answer must say."""
    sources: Terms = ()
    """What it must cite: paths in their source, or `<source>/<path>`."""
    answer: Annotated[str, Field(max_length=LONGEST)] = ""
    """What a good answer says, for scores of likeness. It decides nothing."""


class Case(Value):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_alias=True, validate_by_name=True, serialize_by_alias=True)

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
    kind: Kind = "normal"
    question: Annotated[str, Field(min_length=1, max_length=LONGEST, pattern=r"\S")]
    as_: Annotated[tuple[str, ...], Field(alias="as")] = ("everyone",)
    """Groups of the person who asks."""
    expect: Expectation = Expectation()
    unacceptable: tuple[Term, ...] = ()
    """Any of these said is a failure, whatever else is right."""
    status: CaseStatus = "active"
    owner: str = ""
    notes: str = ""


def pattern_of(text: str) -> re.Pattern[str] | None:
    """The pattern that stands between slashes; None for plain words. ValueError where it is no pattern."""
    if len(text) < 3 or not (text.startswith("/") and text.endswith("/")):
        return None
    try:
        return re.compile(text[1:-1], re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"{text} is no pattern ({error})") from None


def read_case(given: Mapping[str, Any]) -> Case:
    """InvalidInput names the key that cannot be used and, for an unknown one, the nearest that is known."""
    try:
        return Case.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"] if isinstance(part, str)) or "the case"
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        if first["type"] == "extra_forbidden":
            raise InvalidInput(f"unknown key {place}{more}", _nearest(place)) from None
        wrong = "is missing" if first["type"] == "missing" else "cannot be used"
        raise InvalidInput(f"{place} {wrong}{more}", str(first["msg"]).removeprefix("Value error, ")) from None


def _nearest(place: str) -> str:
    section, _, name = place.rpartition(".")
    shape = Expectation if section == "expect" else Case
    known = [field.alias or key for key, field in shape.model_fields.items()]
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]}?"
    if section != "expect" and name in Expectation.model_fields:
        return f"{name} belongs under expect"
    return f"known keys: {', '.join(known)}"
