"""A diagnosis as a file: one page for people, Markdown, JSON."""

import json
from html import escape

from firmground.app import sheet
from firmground.gate.audit import Evidence
from firmground.gate.diagnosis import Diagnosis
from firmground.gate.known import About, Recommendation

SUBJECTS: dict[About, str] = {
    "tool": "Is AI the right tool?",
    "pattern": "Which pattern fits?",
    "prototype": "What becomes of the prototype?",
}
STRENGTHS = {"strong": "strong", "moderate": "moderate", "weak": "weak", "not_known": "not known"}
_HEADS = ("Advice", "Why", "Evidence", "Strength", "What would change it")


def as_page(found: Diagnosis) -> str:
    """It holds figures and what the brief says, and no words of documents."""
    parts = ["<h1>Diagnosis</h1>", f'<p class="soft">{escape(_basis(found))}</p>']
    parts += [f'<p class="promise not">The evidence contradicts itself: {escape(line)}</p>' for line in found.contradictions]
    for subject, title in SUBJECTS.items():
        if every := found.about(subject):
            parts += [f"<h2>{escape(title)}</h2>", f'<p class="promise">{escape(found.conclusion(subject))}</p>']
            rows = [(each.advice, each.said, _told(each), STRENGTHS[each.strength], each.changes) for each in every]
            parts.append(sheet.table("What is to be changed first", _HEADS, rows, words=range(1, len(_HEADS))))
    return sheet.framed("Diagnosis", "\n".join(parts))


def as_markdown(found: Diagnosis) -> str:
    lines = ["# Diagnosis", "", _basis(found), ""]
    for line in found.contradictions:
        lines += [f"**The evidence contradicts itself:** {_cell(line)}", ""]
    for subject, title in SUBJECTS.items():
        if every := found.about(subject):
            lines += [f"## {title}", "", f"**{_cell(found.conclusion(subject))}**", ""]
            lines += ["| " + " | ".join(_HEADS) + " |", "|" + "---|" * len(_HEADS)]
            for each in every:
                cells = (each.advice, each.said, _told(each), STRENGTHS[each.strength], each.changes)
                lines.append("| " + " | ".join(map(_cell, cells)) + " |")
            lines.append("")
    return "\n".join(lines)


def as_json(found: Diagnosis) -> str:
    return json.dumps(public(found), ensure_ascii=False, indent=1) + "\n"


def public(found: Diagnosis) -> dict[str, object]:
    """The diagnosis with what it concludes of each subject."""
    concluded = {subject: told for subject in SUBJECTS if (told := found.conclusion(subject))}
    return {**found.model_dump(mode="json"), "concluded": concluded}


def evidence_line(each: Evidence) -> str:
    return f"{each.label}: {' '.join(each.value.split())}" + (f" (`{each.command}`)" if each.command else "")


def _told(each: Recommendation) -> str:
    return "; ".join(map(evidence_line, each.evidence)) or "none"


def _basis(found: Diagnosis) -> str:
    when = f"As of {found.created_at:%Y-%m-%d %H:%M} UTC"
    if not found.release:
        return f"{when}. No evaluation was made yet."
    of = f"recipe {found.release[:12]}, version {found.corpus} of the corpus, dataset {found.dataset[:12]}"
    return f"{when}. The newest evaluation is of {of}."


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())
