"""`evaluate`: what the workspace as it stands is worth on its golden cases."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firmground.cli.options import AsJson, Debug, Directory, actor, opened
from firmground.cli.terminal import print_json, progress, say, table
from firmground.errors import InvalidInput, OutsideFailed, Refused

if TYPE_CHECKING:
    from firmground.evaluate.report import Report
    from firmground.evaluate.written import Cases


def evaluate(
    release: Annotated[
        str, typer.Argument(metavar="REF", help="A release: candidate, a number, a digest or its beginning.")
    ] = "candidate",
    against: Annotated[str, typer.Option("--against", metavar="REF", help="Another release to compare with, case by case.")] = "",
    fail_on_regression: Annotated[
        bool, typer.Option("--fail-on-regression", help="End with exit code 4 where it is worse than the other.")
    ] = False,
    repeats: Annotated[int, typer.Option("--repeats", metavar="N", help="Ask each case so often, for models that vary.")] = 1,
    judge: Annotated[
        str, typer.Option("--judge", metavar="MODEL", help="Let <server>/<model> grade the answers too; it decides nothing.")
    ] = "",
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Ask again what was asked more than a day ago; an audit counts no old answers.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write the report to this .html, .md or .json file.")
    ] = None,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write each case as a test, for build servers.")
    ] = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Ask a release every golden case, and compare it with a search without AI. A case that nothing changed for is not asked again."""
    from firmground.app.evaluating import evaluation as use
    from firmground.app.evaluating.evaluation_report import as_page
    from firmground.evaluate import written

    del debug
    if fail_on_regression and not against:
        raise InvalidInput("there is nothing to be worse than", "name a release with --against")
    forms: dict[str, Callable[[Report, Cases], str]] = {
        ".html": as_page,
        ".md": written.as_markdown,
        ".json": written.as_json,
    }
    if report is not None and report.suffix.lower() not in forms:
        raise InvalidInput(f"{report} is none of {', '.join(forms)}", "name a file that ends in one of them")
    with opened(directory) as app:
        with progress("evaluating") as shown:
            asked = {"release": release, "against": against, "judge": judge}
            found = use.run(app, actor(app, None), **asked, repeats=repeats, fresh=fresh, watch=shown)
        cases = use.results_of(app, actor(app, None), found)
    if report is not None:
        _write(report, forms[report.suffix.lower()](found, cases))
    if junit is not None:
        _write(junit, written.as_junit(found, cases))
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        _show(found, cases)
    if fail_on_regression and found.regressed:
        raise Refused("it is worse than the release compared with", "see the cases that changed")


def _show(found: "Report", cases: "Cases") -> None:
    from firmground.evaluate.written import headline, interval, left_out, measured, moves, opinion, percent, why

    for case, results in cases:
        for reason in dict.fromkeys(why(each) for each in results if not each.passed):
            say(f"{case.id}: {reason}")
    say()
    rows = [("passed", found.passed), ("answered wrongly", found.answered_wrongly), ("wrongly refused", found.wrongly_refused)]
    rows += [("disclosed", found.disclosed)] if found.disclosed else []
    rows += [(f"passed: {kind.replace('_', ' ')}", row.passed) for kind, row in found.kinds.items()]
    rows += [(f"passed by {rival.name}", rival.passed) for rival in found.rivals]
    table(
        ("", "cases", "rate", "95 % interval"),
        [(name, f"{each.events} of {each.cases}", percent(each.value), interval(each)) for name, each in rows],
    )
    say()
    if told := measured(found):
        say(f"measured: {told}")
    if found.judge:
        say(f"judge: {opinion(found.judge)}")
    if found.first_sentence_ms:
        say("first sentence: " + ", ".join(f"{name} {value:.0f} ms" for name, value in found.first_sentence_ms.items()))
    say("cost of a case: " + ("not known" if found.cost_usd is None else f"${found.cost_usd:.4f}"))
    for change in found.changes:
        say(f"{'newly answered wrongly' if change.newly_wrong else change.became}: {change.case}")
    if found.moved:
        table(("measure", "cases", "before", "now", "change, 95 %", ""), moves(found))
    for rival in found.rivals:
        if rival.note:
            say(f"{rival.name}: {rival.note}")
    if told := left_out(found):
        say(told)
    say(headline(found))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutsideFailed(f"cannot write {path} ({error.strerror})", "name a file that can be written") from None
