"""The launch brief: what this product is for, who answers for it, and what happens when it is wrong."""

import difflib
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, NamedTuple, cast

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from firmground.errors import InvalidInput
from firmground.types import Value

FILE_NAME = "brief.toml"
LONGEST = 4000
MOST_LINES = 50
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_NO_ANSWER = frozenset({"", "-", "–", "?", "...", "…", "n/a", "tba", "tbd", "todo", "to do", "fixme", "xxx"})
"""What stands where somebody meant to write later."""


def _plain(text: str) -> str:
    if any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in text if sign not in "\n\r\t"):
        raise ValueError("it holds a control character: leave it out")
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _without_empty(lines: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(line for line in lines if line)


def _day(given: object) -> object:
    if given is None or (isinstance(given, date) and not isinstance(given, datetime)):
        return given
    if isinstance(given, str) and _DAY.fullmatch(given):
        try:
            return date.fromisoformat(given)
        except ValueError:
            raise ValueError(f"there is no day {given}: write one that there is") from None
    raise ValueError("write a day, e.g. 2027-01-15")


def _number(given: object) -> object:
    if given is None or (isinstance(given, int | float) and not isinstance(given, bool)):
        return given
    raise ValueError("write a number, e.g. 500")


Text = Annotated[str, Field(max_length=LONGEST), AfterValidator(_plain)]
Lines = Annotated[
    tuple[Annotated[Text, AfterValidator(_on_one_line)], ...], Field(max_length=MOST_LINES), AfterValidator(_without_empty)
]
Milliseconds = Annotated[Annotated[float, Field(gt=0, le=600_000, allow_inf_nan=False)] | None, BeforeValidator(_number)]
Day = Annotated[date | None, BeforeValidator(_day)]


class Metric(Value):
    """How success is measured, and what it was before."""

    name: Text = Field(default="", description="What is counted, and how, so that two people count the same.")
    baseline: Text = Field(default="", description="What it was before, and when that was measured.")
    target: Text = Field(default="", description="What it shall become, and by when.")


class Sla(Value):
    """What is promised of the service, who answers for it and how they hear of a breach."""

    availability: Text = Field(default="", description="When it works, e.g. 99 % of working hours.")
    p95_ms: Milliseconds = Field(default=None, description="Milliseconds until 95 of 100 askers see the first checked sentence.")
    owner: Text = Field(default="", description="The person who keeps this promise, and whom to ask about it.")
    alert_route: Text = Field(default="", description="How they hear of a breach: a channel that somebody reads.")


class Brief(Value):
    """As `brief.toml` says it; what is empty is missing. The description of each field is what to write."""

    workflow_owner: Text = Field(default="", description="Who owns the work that this is part of, and how to reach them.")
    decision_owner: Text = Field(default="", description="Who decides that it goes live, and that it stops.")
    user_role: Text = Field(default="", description="Who asks, and for what work.")
    trigger: Text = Field(default="", description="What makes somebody ask: the moment in their work.")
    input: Text = Field(
        default="", description="What comes in: questions of which kind, documents from where, in which languages."
    )
    ai_task: Text = Field(default="", description="What the system does between question and answer, and nothing more.")
    output: Text = Field(default="", description="What comes out, and in which form.")
    review_point: Text = Field(
        default="", description="Who looks at an answer before it counts; or that nobody does, and why that is safe."
    )
    final_action: Text = Field(default="", description="What is done with an answer, and by whom.")
    fallback_path: Text = Field(default="", description="What people do when it does not work: whom they ask, where they look.")
    consequence_of_error: Text = Field(default="", description="What a wrong answer can cost: money, time, harm, and to whom.")
    allowed_actions: Lines = Field(default=(), description="What it may do, a line for each.")
    blocked_actions: Lines = Field(default=(), description="What it must never do, a line for each.")
    known_limitations: Lines = Field(default=(), description="What it does not know or gets wrong, a line for each.")
    success_metric: Metric = Metric()
    sla: Sla = Sla()
    alert_owner: Text = Field(default="", description="Who is called when something is wrong, and how.")
    rollback_path: Text = Field(
        default="", description="How it goes back to what worked before, who does that, and how long it takes."
    )
    first_review: Day = Field(default=None, description="The day on which all of this is looked at again, e.g. 2027-01-15.")
    sample: bool = Field(
        default=False, strict=True, description="Whether this is the brief of the sample, for which nobody answers."
    )


QUESTIONS: tuple[str, ...] = tuple(name for name in Brief.model_fields if name != "sample")
"""What a brief answers, in the order of its file."""
TABLES: Mapping[str, type[Value]] = {"success_metric": Metric, "sla": Sla}
"""Questions whose answer has parts."""
FIELDS: tuple[str, ...] = tuple(
    part
    for name in QUESTIONS
    for part in ([f"{name}.{each}" for each in TABLES[name].model_fields] if name in TABLES else [name])
)
"""Every question and part of one, as `success_metric.baseline`."""
FOR_ASKERS = ("known_limitations", "allowed_actions", "blocked_actions", "workflow_owner", "alert_owner")
"""What whoever may ask gets to see; nothing else of it."""


class Missing(NamedTuple):
    """A field without an answer, and what to write."""

    field: str
    what: str


def missing(brief: Brief) -> list[Missing]:
    """What is not answered yet, in the order of the file. Nobody answers for the brief of the sample, so neither it nor an answer that
    was taken over from it is complete."""
    gaps = [Missing(name, _instead(brief, name)) for name in FIELDS if not is_answered(brief, name)]
    ours = Missing("sample", "Put your own words in place of the sample's, then take this line out.")
    return [*gaps, ours] if brief.sample else gaps


def is_answered(brief: Brief, field: str) -> bool:
    """Whether a question, with all its parts, or one part of it has an answer; "TODO" and the like are none, nor is what the sample says
    in a brief that is not the sample's."""
    if field in TABLES:
        return all(is_answered(brief, f"{field}.{part}") for part in TABLES[field].model_fields)
    if not brief.sample and _is_of_the_sample(brief, field):
        return False
    value = value_of(brief, field)
    if isinstance(value, tuple):
        return any(says_something(line) for line in cast("tuple[str, ...]", value))
    return says_something(value) if isinstance(value, str) else value is not None


def _is_of_the_sample(brief: Brief, field: str) -> bool:
    """By the words alone. A number may well be the same."""
    own, theirs = (_lines(value_of(each, field)) for each in (brief, _sample()))
    return bool(own) and own <= theirs


def _lines(value: object) -> frozenset[str]:
    lines = cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)
    words = (" ".join(re.findall(r"\w+", line.casefold())) for line in lines if isinstance(line, str))
    return frozenset(each for each in words if each)


def _instead(brief: Brief, field: str) -> str:
    ours = (
        "This is what the sample says, for which nobody answers. " if not brief.sample and _is_of_the_sample(brief, field) else ""
    )
    return ours + what_to_write(field)


@cache
def _sample() -> Brief:
    return read(files("firmground").joinpath("sample", FILE_NAME).read_text(encoding="utf-8"))


def answered(brief: Brief) -> int:
    """How many of the questions have an answer."""
    return sum(is_answered(brief, name) for name in QUESTIONS)


def overdue(brief: Brief, today: date) -> str:
    """One line where the first review should have been held; empty otherwise."""
    if brief.first_review is None or brief.first_review >= today:
        return ""
    return f"The review was due on {brief.first_review.isoformat()}: hold it, then write the day of the next."


def value_of(brief: Brief, field: str) -> Any:
    """The value of a field by its dotted name."""
    found: Any = brief
    for part in field.split("."):
        found = getattr(found, part)
    return found


def what_to_write(field: str) -> str:
    """One line for a person, by the dotted name."""
    table, _, part = field.rpartition(".")
    model = TABLES[table] if table else Brief
    return model.model_fields[part].description or ""


def changed(before: Brief, after: Brief) -> list[str]:
    """The fields that differ, by dotted name."""
    return [name for name in (*FIELDS, "sample") if value_of(before, name) != value_of(after, name)]


def read(text: str) -> Brief:
    """What a `brief.toml` says. InvalidInput with one line: the key, and the nearest known one or what it must be."""
    try:
        data: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{FILE_NAME} is not valid TOML ({error})", "mend that line") from None
    for table, name in (("", "first_review"), ("sla", "p95_ms")):
        place: Any = data.get(table) if table else data
        if isinstance(place, dict) and place.get(name) == "":  # pyright: ignore[reportUnknownMemberType]
            del place[name]  # TOML has no empty day or number
    try:
        return Brief.model_validate(data)
    except ValidationError as error:
        first, more = error.errors(include_url=False)[0], error.error_count() - 1
        name = ".".join(map(str, first["loc"]))
        if first["type"] == "extra_forbidden":
            raise InvalidInput(f"unknown key {name[:80]} in {FILE_NAME}", _nearest(name[:80])) from None
        and_more = f" (and {more} more)" if more else ""
        raise InvalidInput(f"{name} in {FILE_NAME} cannot be used{and_more}", in_words(first)) from None


def wrongs(error: ValidationError) -> dict[str, str]:
    """What is wrong with each field that is, in words."""
    found: dict[str, str] = {}
    for each in error.errors(include_url=False):
        parts = [str(part) for part in each["loc"]]
        name = ".".join(parts[: 2 if parts[0] in TABLES else 1])
        found.setdefault(name, in_words(each))
    return found


_WORDS = {
    "string_type": 'it must be text in quotes, e.g. "a"',
    "string_too_long": "it is longer than {max_length} characters: shorten it",
    "too_long": "it has more than {max_length} lines: leave some out",
    "tuple_type": 'it must be a list, e.g. ["a", "b"]',
    "model_type": "it is a table: write it as [name] with its keys below",
    "bool_type": "it must be true or false",
    "greater_than": "it must be more than {gt}",
    "less_than_equal": "it must be at most {le}",
    "finite_number": "it must be a finite number",
}


def in_words(error: Mapping[str, Any]) -> str:
    """One of pydantic's errors, for a person."""
    words = _WORDS.get(str(error["type"]), str(error["msg"]).removeprefix("Value error, "))
    return words.format(**error.get("ctx", {})) if error["type"] in _WORDS else words


def says_something(text: str) -> bool:
    """Whether it is more than a mark that something shall be written."""
    return text.strip(" .").casefold() not in _NO_ANSWER and any(sign.isalnum() for sign in text)


def _nearest(name: str) -> str:
    known = [*FIELDS, "sample"]
    same_end = [each for each in known if each.rpartition(".")[2] == name.rpartition(".")[2]]
    close = same_end[:1] or difflib.get_close_matches(name, [*known, *TABLES], n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else f"known keys: {', '.join([*QUESTIONS, 'sample'])}"
