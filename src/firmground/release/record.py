"""A release: a recipe that was frozen under a number, and how two of them differ."""

import difflib
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal, NamedTuple, cast

from firmground.release.spec import ReleaseSpec
from firmground.types import Json, Value

_LONG = 200
"""Characters from which a text is compared line by line."""
_OWN_WORDS = {"answering.generation.prompt.text": "prompt", "answering.generation.repair.text": "repair prompt"}


class Release(Value):
    """Frozen: neither an edit of firmground.toml nor another prompt alters it. Equal recipes have equal digests, and one number."""

    number: int
    spec: ReleaseSpec
    settings: dict[str, Json]
    """The recipe keys of the workspace as they were, by dotted name: what a person changed to get here."""
    note: str = ""
    by: str
    created_at: datetime


class Override(Value):
    """That a release is live although the gate refused it."""

    expires_at: datetime
    """From then on the last release that had passed is live again; where there is none, nothing is."""
    findings: tuple[str, ...]
    """What the gate had against it, in short; its audit says more."""
    demonstration: bool = False
    """Made by `firmground demo`, to show what an override is."""


class Live(Value):
    """Which release answers when nobody names one, since when, and why."""

    number: int
    release: str
    """Digest of its recipe."""
    since: datetime
    by: str
    """Who answers for it."""
    reason: str = ""
    audit: str = ""
    """Id of the audit that was decided on; empty where it was rolled back to."""
    override: Override | None = None
    """Where it did not pass."""
    entry: int = 0
    """Number of the entry in the ledger that says so."""


class Difference(NamedTuple):
    """One thing that is not the same. `kind`: a setting of firmground.toml, a prompt (`after` is then a unified diff), or what was found
    by calibration or is part of the program."""

    kind: Literal["setting", "prompt", "recipe"]
    name: str
    before: Json
    after: Json


def differences(first: Release, second: Release) -> list[Difference]:
    """What a reviewer reads: settings, then prompts, then the rest."""
    settings = [
        Difference("setting", name, first.settings.get(name), second.settings.get(name))
        for name in sorted({*first.settings, *second.settings})
        if first.settings.get(name) != second.settings.get(name)
    ]
    before, after = _flat(first.spec), _flat(second.spec)
    changed = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    rest = [_difference(name, before.get(name), after.get(name)) for name in changed if not _told_by_setting(name, settings)]
    return settings + sorted(rest, key=lambda each: each.kind != "prompt")


def _difference(name: str, before: Json, after: Json) -> Difference:
    texts = [each for each in (before, after) if isinstance(each, str)]
    if any(len(text) > _LONG or "\n" in text for text in texts):
        lines = difflib.unified_diff(_lines(before), _lines(after), "before", "after", lineterm="")
        return Difference("prompt", _OWN_WORDS.get(name, name), None, "\n".join(lines))
    return Difference("recipe", name, before, after)


def _told_by_setting(name: str, settings: list[Difference]) -> bool:
    """Whether a field of the recipe is named like a setting that changed: it is not told twice."""
    last = name.rpartition(".")[2]
    return any(each.name.rpartition(".")[2] == last for each in settings)


def _lines(text: Json) -> list[str]:
    return text.splitlines() if isinstance(text, str) else []


def _flat(spec: ReleaseSpec) -> dict[str, Json]:
    return dict(_leaves("", spec.model_dump(mode="json")))


def _leaves(name: str, value: Any) -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict) and value:
        for key, each in cast("dict[str, Any]", value).items():
            yield from _leaves(f"{name}.{key}" if name else str(key), each)
    else:
        yield name, cast("Json", value)
