"""The mapping to standards as a file: one page for people, Markdown, JSON."""

import json
from collections.abc import Sequence
from html import escape

from firmground.app import sheet
from firmground.gate.standards import Mapped, Row, Standard, State
from firmground.gate.standards.measures import Measured

STATES: dict[State, str] = {
    "configured_and_measured": "configured + measured",
    "configured": "configured",
    "measured": "measured",
    "none": "none",
}
_HEADS = ("Item", "State", "Controls", "Measured", "Missing")


def as_page(found: Sequence[Mapped]) -> str:
    parts = ["<h1>Mapping to standards</h1>"]
    for each in found:
        parts += [
            f"<h2>{escape(_name(each.standard))}</h2>",
            f'<p class="soft">{escape(cited(each.standard))}</p>',
            f'<p class="soft">{escape(_of(each))}</p>',
            sheet.table(_counted(each), _HEADS, [_cells(row) for row in each.rows], words=range(1, len(_HEADS))),
        ]
    return sheet.framed("Mapping to standards", "\n".join(parts))


def as_markdown(found: Sequence[Mapped]) -> str:
    lines = ["# Mapping to standards", ""]
    for each in found:
        lines += [f"## {_name(each.standard)}", "", cited(each.standard), "", f"{_of(each)} {_counted(each)}.", ""]
        lines += ["| " + " | ".join(_HEADS) + " |", "|" + "---|" * len(_HEADS)]
        lines += ["| " + " | ".join(map(_plain, _cells(row))) + " |" for row in each.rows]
        lines.append("")
    return "\n".join(lines)


def as_json(found: Sequence[Mapped]) -> str:
    return json.dumps([each.model_dump(mode="json") for each in found], ensure_ascii=False, indent=1) + "\n"


def cited(listed: Standard) -> str:
    """Where it is published."""
    number = f"{listed.publication}, " if listed.publication else ""
    note = f" {listed.note}" if listed.note else ""
    return f"{listed.publisher}, {number}version {listed.version}, {listed.published}.{note} {listed.url}"


def measured_line(found: Measured) -> str:
    return f"{found.label}: {found.value} ({found.at:%Y-%m-%d})"


def _name(listed: Standard) -> str:
    return f"{listed.name}, {listed.version}"


def _of(found: Mapped) -> str:
    what = f"release {found.number}" if found.number else "the workspace as it stands"
    when = f"As of {found.created_at:%Y-%m-%d %H:%M} UTC"
    return f"{when}, {what} (recipe {found.release[:12]}). Which control answers which item is our reading."


def _counted(found: Mapped) -> str:
    return ", ".join(f"{count} {STATES[state]}" for state, count in found.counted().items())


def _cells(row: Row) -> tuple[str, ...]:
    controls = [*row.controls, *(f"Built in: {each}" for each in row.built_in)]
    off = "; ".join(each.how for each in row.off)
    return (
        f"{row.id} {row.title}".strip(),
        STATES[row.state],
        " ".join([*(controls or ["none."]), *([f"Off; to switch it on: {off}."] if off else [])]),
        "; ".join(map(measured_line, row.measurements)) or "none",
        row.missing,
    )


def _plain(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())
