"""`release`: create, list, show, diff, calibrate."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firmground.cli.options import AsJson, Debug, Directory, actor, opened
from firmground.cli.terminal import print_json, progress, remark, say, table

if TYPE_CHECKING:
    from firmground.answer.calibration import At, Calibration
    from firmground.evaluate.threshold import Promise
    from firmground.release.record import Release

group = typer.Typer(help="Releases: what answers, and what it is worth.", no_args_is_help=True, rich_markup_mode=None)


Reference = Annotated[str, typer.Argument(metavar="REF", help="A number, a digest or its beginning, or `candidate`.")]


@group.command()
def create(
    note: Annotated[str, typer.Option("--note", help="What changed, and why.")] = "",
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Freeze the workspace as it stands under a number. The same recipe keeps its number."""
    from firmground.app.launching.releases import create as use

    del debug
    with opened(directory) as app:
        made, new = use(app, actor(app, None), note=note)
    if as_json:
        print_json({**_told(made), "new": new})
    else:
        say(f"release {made.number} {'made' if new else 'is this recipe already'}: {made.spec.digest}")


@group.command("list")
def list_(as_json: AsJson = False, directory: Directory = None, debug: Debug = False) -> None:
    """Releases, newest first."""
    from firmground.app.launching.releases import listed

    del debug
    with opened(directory) as app:
        found = listed(app, actor(app, None))
    if as_json:
        print_json([_told(each) for each in found])
        return
    table(
        ("release", "digest", "when", "by", "note"),
        [
            (each.number, each.spec.digest[:12], f"{each.created_at:%Y-%m-%d %H:%M}", each.by, each.note.partition("\n")[0])
            for each in found
        ],
    )


@group.command("show")
def show_release(
    reference: Reference = "candidate", as_json: AsJson = False, directory: Directory = None, debug: Debug = False
) -> None:
    """A release with the settings it froze; `--json` is all of its recipe."""
    from firmground.app.launching.releases import show as use

    del debug
    with opened(directory) as app:
        found = use(app, actor(app, None), reference)
    if as_json:
        print_json({**_told(found), "spec": found.spec.model_dump(mode="json")})
        return
    say(f"{f'release {found.number}' if found.number else 'candidate, not released'}: {found.spec.digest}")
    if found.note:
        say(found.note)
    table(("setting", "value"), [(name, _value(value)) for name, value in found.settings.items()])


@group.command()
def diff(
    first: Reference,
    second: Annotated[str, typer.Argument(metavar="REF", help="The other; the candidate when absent.")] = "candidate",
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """What changed from one release to another, as a reviewer reads it."""
    from firmground.app.launching.releases import diff as use

    del debug
    with opened(directory) as app:
        found = use(app, actor(app, None), first, second)
    if as_json:
        print_json([each._asdict() for each in found])
        return
    for each in found:
        if each.kind == "prompt":
            say(f"{each.name}:\n{each.after}")
        else:
            say(f"{each.name}: {_value(each.before)} → {_value(each.after)}")
    if not found:
        say("they are the same")


def _told(release: "Release") -> dict[str, Any]:
    return {
        "number": release.number or None,
        "digest": release.spec.digest,
        "note": release.note,
        "by": release.by,
        "created_at": release.created_at.isoformat(),
        "settings": release.settings,
    }


def _value(value: object) -> str:
    return "not set" if value is None else json.dumps(value, ensure_ascii=False)


@group.command()
def calibrate(
    rate: Annotated[
        float, typer.Option("--rate", metavar="SHARE", help="Questions that are not covered and get an answer, at most.")
    ] = 0.02,
    questions: Annotated[
        int | None, typer.Option("--questions", metavar="N", help="How many are asked, twice each; 1000 when absent.")
    ] = None,
    wrong: Annotated[
        float | None,
        typer.Option(
            "--wrong", metavar="SHARE", help="Wrong answers to questions like the golden cases, at most; asks them all."
        ),
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write what was found to this .html or .json file.")
    ] = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Fit the confidence to your documents by leaving documents out. Changes the candidate only."""
    from firmground.app.evaluating import calibration as use
    from firmground.app.evaluating import promises
    from firmground.app.evaluating.calibration_report import written

    del debug
    with opened(directory) as app:
        wanted = use.QUESTIONS if questions is None else questions
        use.check(rate, wanted, report)
        if wrong is not None:
            promises.check(wrong)
        if not as_json:
            remark(f"asking about {wanted} questions, each with its document and without; Ctrl-C stops, the same command goes on")
        with progress("calibrating") as shown:
            found = use.run(app, actor(app, None), rate=rate, questions=wanted, watch=shown)
        made = None
        if wrong is not None and found.calibrated:
            with progress("asking golden cases") as shown:
                made = promises.run(app, actor(app, None), target=wrong, watch=shown)
        if report is not None:
            written(found, made, report, app.workspace.name)
    if as_json:
        print_json({**found.model_dump(mode="json"), "wrong_answers": made and made.model_dump(mode="json")})
        return
    show(found)
    if made is not None:
        show_promise(made)
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


def show_promise(made: "Promise") -> None:
    """What can be said of wrong answers, for people."""
    say()
    if not made.kept:
        say(f"Nothing is promised about wrong answers: {made.why_not}.")
        return
    say(f"Of questions like the golden cases, at most {_percent(made.target)} get a wrong answer (95 %, by document).")
    seen = f"{made.wrong} of {made.cases} cases on {made.documents} documents, bound {_percent(made.upper)}"
    left = f"{made.answered_rightly} of {made.answerable} that can be answered rightly still are"
    say(f"The candidate answers from confidence {_threshold(made.threshold or 0.0)} on: {seen}; {left}.")


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
