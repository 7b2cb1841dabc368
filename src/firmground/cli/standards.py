"""`standards`: each item of published lists beside what this workspace has configured and measured."""

from pathlib import Path
from typing import Annotated

import typer

from firmground.cli.options import AsJson, Debug, Directory, actor, opened
from firmground.cli.reporting import writer
from firmground.cli.terminal import print_json, say, table


def standards(
    edition: Annotated[
        list[str] | None,
        typer.Option(
            "--edition", metavar="NAME", help="owasp-llm-2026, owasp-llm-2025, nist-ai-rmf-1.0 or nist-ai-600-1. Repeatable."
        ),
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write the report to this .html, .md or .json file.")
    ] = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Show each item of the OWASP and NIST lists with the control that is configured, the latest measurement, or that there is none."""
    from firmground.app.launching import standards as use
    from firmground.app.launching.standards_report import STATES, as_markdown, as_page, cited, measured_line
    from firmground.app.launching.standards_report import as_json as written_json

    del debug
    write = writer(report, {".html": as_page, ".md": as_markdown, ".json": written_json})
    with opened(directory) as app:
        found = use.run(app, actor(app, None), editions=edition or ())
    write(found)
    if as_json:
        print_json([each.model_dump(mode="json") for each in found])
        return
    for each in found:
        say(f"{each.standard.name}, {each.standard.version}")
        say(cited(each.standard))
        rows = [
            (
                f"{row.id} {row.title}".strip(),
                STATES[row.state],
                " ".join((*row.controls, *row.built_in)) or "none",
                "; ".join(map(measured_line, row.measurements)) or "none",
            )
            for row in each.rows
        ]
        table(("item", "state", "controls", "measured"), rows, sentences=True)
        say(", ".join(f"{count} {STATES[state]}" for state, count in each.counted().items()))
        say()
