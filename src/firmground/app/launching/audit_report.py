"""An audit as a file that can be mailed, printed and kept: HTML, Markdown, JSON. The verdict first, then what stands against it."""

import json
import re
from collections.abc import Iterator, Sequence
from html import escape

from firmground.app import sheet
from firmground.gate.audit import Audit, Evidence, Ruling, Verdict

GROUPS: tuple[tuple[Verdict, str], ...] = (
    ("fail", "Failed"),
    ("not_proven", "Not proven"),
    ("not_measured", "Not measured"),
    ("pass", "Passed"),
)
"""The verdicts, the gravest first, and what they are called."""
_GONE = " is no longer asked"
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~&])")


def headline(audit: Audit, outdated: Sequence[str] = ()) -> str:
    """The one sentence that counts. `outdated`: why the audit does not count any more, one line each."""
    count = len(audit.rulings)
    if audit.open:
        return f"May not go live: {len(audit.open)} of {count} not met"
    if not count:
        return "May not go live: the policy asks for nothing, which proves nothing"
    if outdated:
        return "May not go live: this audit does not count any more"
    when = "" if audit.number else " once it is released"
    return f"May go live{when}: {count} of {count} met"


def grouped(audit: Audit) -> list[tuple[Verdict, str, list[Ruling]]]:
    """The rulings by verdict, the gravest first; only verdicts that there are."""
    found: list[tuple[Verdict, str, list[Ruling]]] = [
        (verdict, name, [each for each in audit.rulings if each.verdict == verdict]) for verdict, name in GROUPS
    ]
    return [group for group in found if group[2]]


def in_short(looser: Sequence[str]) -> list[str]:
    """How a policy asks less, line by line, with one for all requirements that it no longer asks by the same decision."""
    told: dict[str, list[str]] = {}
    for line in looser:
        name, gone, decided = line.partition(_GONE)
        told.setdefault(decided if gone else line, []).append(name if gone else "")
    return [
        key if not names[0] else f"{names[0]}{_GONE}{key}" if len(names) == 1 else _several(names, key)
        for key, names in told.items()
    ]


def _several(names: Sequence[str], decided: str) -> str:
    return f"{len(names)} requirements are no longer asked: {', '.join(names)}{decided}"


def as_json(audit: Audit, outdated: Sequence[str] = ()) -> str:
    told = {
        **audit.model_dump(mode="json"),
        "passed": audit.passed,
        "headline": headline(audit, outdated),
        "outdated": [*outdated],
    }
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


# ---------------------------------------------------------------- Markdown


def as_markdown(audit: Audit, outdated: Sequence[str] = ()) -> str:
    """Short enough for a pull request; whatever was found is escaped."""
    lines = [f"## Audit of {_named(audit)}", "", f"**{_plain(headline(audit, outdated))}**", "", _plain(_of(audit)), ""]
    lines += [f"- It does not count any more: {_plain(each)}" for each in outdated]
    lines += [f"- The policy was loosened: {_plain(each)}" for each in in_short(audit.loosened)]
    lines += [""] if outdated or audit.loosened else []
    for verdict, name, rulings in grouped(audit):
        lines += [f"### {name}: {len(rulings)}", ""]
        for each in rulings:
            lines += [*_marked(each, brief=verdict == "pass")]
        lines += [""]
    return "\n".join(lines).rstrip() + "\n"


def _marked(ruling: Ruling, *, brief: bool) -> Iterator[str]:
    yield f"- **{_plain(_title(ruling))}**: {_plain(ruling.said)}"
    if brief:
        return
    yield f"  - asked: {_plain(ruling.asks)}"
    for each in ruling.evidence:
        yield f"  - {_plain(each.label)}: {_plain(each.value)}{f' (`{_code(each.command)}`)' if each.command else ''}"
    if ruling.remedy:
        yield f"  - **to do:** {_plain(ruling.remedy)}"
    if ruling.owner:
        yield f"  - owner: {_plain(ruling.owner)}"


def _plain(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _code(text: str) -> str:
    return " ".join(text.split()).replace("`", "'")


# ---------------------------------------------------------------- HTML


def as_page(audit: Audit, outdated: Sequence[str] = ()) -> str:
    """One page that asks nothing of anybody: no script, no request."""
    good = audit.passed and not outdated
    parts = [
        f"<h1>Audit of {escape(_named(audit))}</h1>",
        f'<p class="promise{"" if good else " not"}">{escape(headline(audit, outdated))}.</p>',
        f'<p class="soft">{escape(_of(audit))}</p>',
        _list("It does not count any more", outdated),
        _list("The policy is looser than before", in_short(audit.loosened)),
        *(_group(name, rulings) for _, name, rulings in grouped(audit)),
    ]
    return sheet.framed(f"Audit of {_named(audit)}", "\n".join(part for part in parts if part))


def _list(title: str, lines: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(each)}</li>" for each in lines)
    return f"<h2>{escape(title)}</h2><ul>{items}</ul>" if lines else ""


def _group(name: str, rulings: Sequence[Ruling]) -> str:
    return f"<h2>{escape(name)}: {len(rulings)}</h2>" + "".join(_ruling(each) for each in rulings)


def _ruling(ruling: Ruling) -> str:
    rows = [("Asked", ruling.asks), ("Found", ruling.said), ("To do", ruling.remedy), ("Owner", ruling.owner)]
    told = "".join(f"<p><strong>{name}:</strong> {escape(text)}</p>" for name, text in rows if text)
    return f"<section><h3>{escape(_title(ruling))}</h3>{told}{_evidence(ruling.evidence)}</section>"


def _evidence(found: Sequence[Evidence]) -> str:
    """No links: they lead to pages of the server, which whoever reads the file may not reach."""
    if not found:
        return ""
    rows = [(each.label, each.value, f"<code>{escape(each.command)}</code>" if each.command else "") for each in found]
    return sheet.table("Evidence", ("", "Value", "Reproduced by"), rows, words={1, 2}, raw={2})


# ---------------------------------------------------------------- both


def _named(audit: Audit) -> str:
    return f"release {audit.number}" if audit.number else "the candidate"


def _title(ruling: Ruling) -> str:
    return ruling.requirement.replace("_", " ")


def _of(audit: Audit) -> str:
    brief = f", brief {audit.brief[:12]}" if audit.brief else ", no brief"
    return (
        f"Recipe {audit.release[:12]}, version {audit.corpus} of the corpus, cases {audit.dataset[:12]}, policy {audit.policy[:12]}{brief}."
        f" {audit.created_at:%Y-%m-%d %H:%M} UTC, asked for by {audit.by}."
    )
