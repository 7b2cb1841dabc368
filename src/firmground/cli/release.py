"""`release`: calibrate."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firmground.cli.options import AsJson, Debug, Directory, actor, opened
from firmground.cli.terminal import print_json, progress, remark, say, table

if TYPE_CHECKING:
    from firmground.answer.calibration import At, Calibration

group = typer.Typer(help="Releases: what answers, and what it is worth.", no_args_is_help=True, rich_markup_mode=None)


@group.callback()
def _group() -> None:
    """Keeps `calibrate` a command of its own while it is the only one."""


@group.command()
def calibrate(
    rate: Annotated[
        float, typer.Option("--rate", metavar="SHARE", help="Questions that are not covered and get an answer, at most.")
    ] = 0.02,
    questions: Annotated[
        int | None, typer.Option("--questions", metavar="N", help="How many are asked, twice each; 1000 when absent.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write what was found to this .html or .json file.")
    ] = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Fit the confidence to your documents by leaving documents out. Changes the candidate only."""
    from firmground.app import calibration as use
    from firmground.app.calibration_report import written

    del debug
    with opened(directory) as app:
        wanted = use.QUESTIONS if questions is None else questions
        use.check(rate, wanted, report)
        if not as_json:
            remark(f"asking about {wanted} questions, each with its document and without; Ctrl-C stops, the same command goes on")
        with progress("calibrating") as shown:
            found = use.run(app, actor(app, None), rate=rate, questions=wanted, watch=shown)
        if report is not None:
            written(found, report, app.workspace.name)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    show(found)
    if report is not None:
        say(f"report: {report}")


def show(found: "Calibration") -> None:
    """What a calibration came to, for people."""
    say(f"{found.questions} questions, {found.uncovered} of them also without their documents ({found.documents})")
    table(
        (
            "questions",
            "asked",
            "documents",
            "told apart (AUROC)",
            "covered answered",
            "uncovered answered",
            "from the known source",
        ),
        [
            (
                _NAMED.get(kind, kind),
                each.questions,
                each.documents,
                _number(each.auroc),
                _percent(each.covered),
                _percent(each.uncovered),
                _percent(each.right),
            )
            for kind, each in found.kinds.items()
        ],
    )
    say()
    if found.auroc is not None:
        say(f"told apart (AUROC)        {_number(found.auroc)}, before {_number(found.shipped_auroc)}")
        say(f"calibration error (ECE)   {_number(found.ece)}, before {_number(found.shipped_ece)}")
        before = f"{_percent(found.shipped_uncovered)} of the uncovered and {_percent(found.shipped_covered)} of the covered"
        say(f"as shipped, answers get   {before}")
        say()
        table(
            ("uncovered answered, at most", "threshold", "seen", "bound (95 %, by document)", "coverage left"),
            [_row(found, rate) for rate in sorted({found.rate, *_RATES})],
        )
        say()
    say(found.promise[0].upper() + found.promise[1:] + ".")
    if found.calibrated:
        say(f"The candidate answers from confidence {_threshold(found.confidence.threshold)} on.")
    else:
        say("The candidate keeps the confidence that is shipped: ask more questions, or write golden cases.")


_NAMED = {"golden": "golden cases", "made": "made from documents"}
_RATES = (0.01, 0.02, 0.05)


def _row(found: "Calibration", rate: float) -> tuple[str, ...]:
    at: At | None = next((each for each in found.at if each.rate == rate), None)
    if at is None:
        return (_percent(rate), "none", "", "", "")
    return (_percent(rate), _threshold(at.threshold), _percent(at.uncovered), _percent(at.bound), _percent(at.covered))


def _threshold(value: float) -> str:
    return f"{value:.4f}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.3g} %"
