"""Published lists of risks and of what to do about them, item by item beside what this workspace has configured and measured.

Cited are identifiers and the short titles that the publications give, with edition and place; their text is not repeated. Which control
answers which item is our reading of it.
"""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Literal, TypeAlias

from firmground.errors import NotFound
from firmground.gate.standards.controls import BUILT_IN, CONTROLS
from firmground.gate.standards.measures import MEASURES, Measured
from firmground.gate.standards.setup import Setup
from firmground.types import Value

EDITIONS = ("owasp-llm-2026", "owasp-llm-2025", "nist-ai-rmf-1.0", "nist-ai-600-1")
"""By the names of their files, newest of each publisher first."""
State: TypeAlias = Literal["configured_and_measured", "configured", "measured", "none"]


class Item(Value):
    """One entry of a list, and by which controls and measurements we answer it."""

    id: str
    title: str = ""
    """Short title as published; empty where the publication gives none."""
    controls: tuple[str, ...] = ()
    built_in: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    missing: str = ""
    """What is not there, and what would bring it."""


class Standard(Value):
    edition: str
    name: str
    version: str
    publication: str = ""
    """Number of the publication, where it has one."""
    publisher: str
    published: str
    url: str
    note: str = ""
    items: tuple[Item, ...]


class Off(Value):
    """A control that there is, and that is not configured here."""

    control: str
    how: str


class Row(Value):
    """An item beside the workspace."""

    id: str
    title: str
    state: State
    controls: tuple[str, ...]
    """What is configured, one line each."""
    built_in: tuple[str, ...]
    """What the program does whatever is configured."""
    off: tuple[Off, ...]
    measurements: tuple[Measured, ...]
    """The latest figures."""
    not_measured: tuple[str, ...]
    missing: str


class Mapped(Value):
    """A standard beside one workspace at one moment."""

    standard: Standard
    created_at: datetime
    release: str
    """Digest of the recipe looked at."""
    number: int
    """Of the release; 0 for the workspace as it stands."""
    rows: tuple[Row, ...]

    def counted(self) -> Mapping[State, int]:
        states: tuple[State, ...] = ("configured_and_measured", "configured", "measured", "none")
        return {state: sum(row.state == state for row in self.rows) for state in states}


@cache
def standard(edition: str) -> Standard:
    """NotFound names the editions there are."""
    if edition not in EDITIONS:
        raise NotFound(f"there is no edition {edition[:60]!r} here", f"use one of {', '.join(EDITIONS)}")
    text = files("firmground.gate.standards").joinpath(f"{edition}.toml").read_text(encoding="utf-8")
    return Standard.model_validate({"edition": edition, **tomllib.loads(text)})


def mapped(listed: Standard, setup: Setup) -> Mapped:
    facts = setup.facts
    return Mapped(
        standard=listed,
        created_at=facts.now,
        release=facts.release.spec.digest,
        number=facts.release.number,
        rows=tuple(_row(item, setup) for item in listed.items),
    )


def _row(item: Item, setup: Setup) -> Row:
    looked = {name: CONTROLS[name].look(setup) for name in item.controls}
    built_in = tuple(BUILT_IN[name](setup) for name in item.built_in)
    figures = {name: MEASURES[name].look(setup) for name in item.measures}
    configured = bool(built_in) or any(looked.values())
    measured = any(figures.values())
    return Row(
        id=item.id,
        title=item.title,
        state="configured_and_measured"
        if configured and measured
        else "configured"
        if configured
        else "measured"
        if measured
        else "none",
        controls=tuple(said for said in looked.values() if said),
        built_in=built_in,
        off=tuple(Off(control=name, how=CONTROLS[name].how) for name, said in looked.items() if not said and CONTROLS[name].how),
        measurements=tuple(found for found in figures.values() if found),
        not_measured=tuple(MEASURES[name].how for name, found in figures.items() if not found),
        missing=item.missing,
    )
