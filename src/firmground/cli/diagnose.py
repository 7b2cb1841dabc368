"""`diagnose`: is AI the right tool, which pattern fits, and what becomes of a prototype."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firmground.cli.options import AsJson, Debug, Directory, actor, opened
from firmground.cli.reporting import writer
from firmground.cli.terminal import print_json, say

if TYPE_CHECKING:
    from firmground.gate.diagnosis import Diagnosis


def diagnose(
    prototype: Annotated[
        Path | None, typer.Option("--prototype", metavar="FILE", help="An existing prototype, described in a small TOML file.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write the report to this .html, .md or .json file.")
    ] = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Whether AI is the right tool, which pattern fits, and what becomes of a prototype: by brief, documents, cases and figures."""
    from firmground.app.launching import diagnosis as use
    from firmground.app.launching.diagnosis_report import as_json as written_json
    from firmground.app.launching.diagnosis_report import as_markdown, as_page, public

    del debug
    write = writer(report, {".html": as_page, ".md": as_markdown, ".json": written_json})
    with opened(directory) as app:
        found = use.run(app, actor(app, None), prototype=prototype)
    write(found)
    if as_json:
        print_json(public(found))
    else:
        _show(found)


def _show(found: "Diagnosis") -> None:
    from firmground.app.launching.diagnosis_report import STRENGTHS, SUBJECTS, evidence_line

    for subject, title in SUBJECTS.items():
        every = found.about(subject)
        if not every:
            continue
        say(title)
        say(f"  {found.conclusion(subject)}")
        for each in every:
            say(f"  - [{STRENGTHS[each.strength]}] {each.advice}")
            say(f"      {each.said}")
            for evidence in each.evidence:
                say(f"      {evidence_line(evidence)}")
            say(f"      What would change it: {each.changes}")
        say()
    for line in found.contradictions:
        say(f"The evidence contradicts itself: {line}")
