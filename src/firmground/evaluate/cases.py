"""Golden cases: what is asked, by whom, what must be said, and what must never be."""

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Protocol, TypeAlias, cast, get_args

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, ValidationError

from firmground.errors import InvalidInput
from firmground.settings_guard import compiled
from firmground.types import AnswerStatus, Json, Value, digest

Kind: TypeAlias = Literal["normal", "messy", "missing_context", "sensitive", "out_of_scope"]
Behaviour: TypeAlias = Literal["answer", "clarify", "abstain", "refuse", "escalate"]
CaseStatus: TypeAlias = Literal["draft", "active", "retired"]
KINDS: tuple[Kind, ...] = get_args(Kind)
BEHAVIOURS: tuple[Behaviour, ...] = get_args(Behaviour)

_ESCAPED = re.compile(r"\\.", re.DOTALL)
_PART = re.compile(r"\[\^?\]?(?:\[:\^?\w{1,10}:\]|\\.|[^\]\\]){0,200}+\]|\\.", re.DOTALL)
"""Of a pattern: a class in brackets, or a sign with a backslash."""
_IN_BRACKETS = {r"\w": r"\pL\pM\pN_", r"\d": r"\p{Nd}", r"\D": r"\P{Nd}"}
_ALONE = {**_IN_BRACKETS, r"\w": r"[\pL\pM\pN_]", r"\W": r"[^\pL\pM\pN_]"}
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


Term: TypeAlias = Annotated[str, Field(min_length=1, max_length=LONGEST), AfterValidator(_pattern_holds)]
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

    @property
    def asks(self) -> str:
        """Digest of what is asked and how it is judged: two cases that differ in their name or notes alone come to the same."""
        return digest(self.model_dump(mode="json", include={"question", "as_", "expect", "unacceptable"}))


class Pattern(Protocol):
    """What we use of one."""

    def search(self, string: str, /) -> object | None: ...


def pattern_of(text: str) -> Pattern | None:
    """The pattern that stands between slashes, for RE2: whoever wrote it, it takes time in proportion to the text. None for plain words.
    ValueError where it is no pattern."""
    if len(text) < 3 or not (text.startswith("/") and text.endswith("/")):
        return None
    try:
        return cast("Pattern", compiled("(?i)" + _PART.sub(_in_all_scripts, text[1:-1])))
    except ValueError as error:
        raise ValueError(f"{text} is no pattern: {error}") from None


def _in_all_scripts(part: re.Match[str]) -> str:
    """RE2 counts as letters and figures those of ASCII alone. ValueError where that cannot be mended."""
    written = part[0]
    if written in {r"\b", r"\B"} and not part.string.isascii():
        raise ValueError(rf"{written} knows the letters a to z alone; write (?:^|\PL) or (?:\PL|$)")
    if not written.startswith("["):
        return _ALONE.get(written, written)
    if r"\W" in _ESCAPED.findall(written):
        raise ValueError(r"\W cannot stand in brackets; write what is meant, such as [\pL\pN]")
    return _ESCAPED.sub(lambda found: _IN_BRACKETS.get(found[0], found[0]), written)


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


def dataset_digest(cases: Sequence[Case]) -> str:
    """Of a set of cases, in whatever order."""
    return digest(list[Json](sorted(case.digest for case in cases)))
