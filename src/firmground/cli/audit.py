"""`audit`: may this release go live, and why not? `policy`: what that is judged by."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firmground.cli.options import AsJson, Debug, Directory, actor, opened
from firmground.cli.reporting import writer
from firmground.cli.terminal import print_json, progress, say, table
from firmground.errors import InvalidInput, Refused

if TYPE_CHECKING:
    from firmground.gate.audit import Audit

group = typer.Typer(help="The policy: what a release must prove.", no_args_is_help=True, rich_markup_mode=None)


def audit(
    release: Annotated[
        str, typer.Argument(metavar="REF", help="A release: candidate, live, a number, a digest or its beginning.")
    ] = "candidate",
    evaluate: Annotated[bool, typer.Option("--evaluate", help="Ask it the golden cases first, beside what is live.")] = False,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write the audit to this .html, .md or .json file.")
    ] = None,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write each requirement as a test, for build servers.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the audits there are, newest first, and make none.")] = False,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Try out and look up all that the policy asks of a release, and keep what was found. It ends with exit code 4 where the release may
    not go live."""
    from firmground.app.launching import audits as use
    from firmground.app.launching.audit_junit import as_junit
    from firmground.app.launching.audit_report import as_json as as_text
    from firmground.app.launching.audit_report import as_markdown, as_page, headline
    from firmground.web.exercises import EXERCISES

    del debug
    if listed:
        _list(directory, as_json=as_json)
        return
    write = writer(report, {".html": as_page, ".md": as_markdown, ".json": as_text})
    write_junit = writer(junit, {junit.suffix.lower(): as_junit} if junit else {})
    with opened(directory) as app, progress("auditing") as shown:
        made = use.run(app, actor(app, None), release=release, evaluate=evaluate, exercising=EXERCISES, watch=shown)
    write(made)
    write_junit(made)
    if as_json:
        print_json(made.model_dump(mode="json"))
    else:
        _show(made)
    if not made.passed:
        raise Refused(headline(made), "mend what is named above, and audit again")
    if not as_json:
        say(headline(made))


def _list(directory: Path | None, *, as_json: bool) -> None:
    from firmground.app.launching.audit_report import headline
    from firmground.app.launching.audits import audits

    with opened(directory) as app:
        found = audits(app, actor(app, None))
    if as_json:
        print_json([each.model_dump(mode="json") for each in found])
        return
    table(
        ("audit", "release", "when", "by", ""),
        [
            (
                each.id,
                each.number or f"candidate {each.release[:12]}",
                f"{each.created_at:%Y-%m-%d %H:%M}",
                each.by,
                headline(each),
            )
            for each in found
        ],
    )


def _show(made: "Audit") -> None:
    from firmground.app.launching.audit_report import in_short

    table(
        ("requirement", "verdict", ""),
        [(each.requirement, each.verdict.replace("_", " "), each.said) for each in made.rulings],
        sentences=True,
    )
    say()
    for each in made.open:
        say(f"{each.requirement}: {each.remedy}{f' ({each.owner})' if each.owner else ''}")
    for line in in_short(made.loosened):
        say(f"the policy was loosened: {line}")
    say(f"audit {made.id}, corpus {made.corpus}, cases {made.dataset[:12]}, policy {made.policy[:12]}")


# ---------------------------------------------------------------- policy


@group.command("show")
def show_policy(as_json: AsJson = False, directory: Directory = None, debug: Debug = False) -> None:
    """What policy.toml asks, whether it is in force, and who let it ask less."""
    from firmground.app.launching.audit_report import in_short
    from firmground.app.launching.policies import look

    del debug
    with opened(directory) as app:
        found = look(app, actor(app, None))
    if as_json:
        print_json(
            {
                "policy": found.policy.model_dump(mode="json") if found.policy else None,
                "digest": found.policy.digest if found.policy else None,
                "problem": found.problem,
                "in_force": found.adopted.model_dump(mode="json") if found.adopted else None,
                "looser": [*found.looser],
            }
        )
        return
    if found.policy is None:
        raise InvalidInput(found.problem)
    gate = found.policy.gate.model_dump(mode="json")
    rows = [(f"gate.{name}", f"{value:.10g}") for name, value in gate.items()]
    rows += [(each.name, str(getattr(each, "asks", ""))) for each in found.policy.requirements]
    table(("", "asked"), rows, sentences=True)
    say()
    say(_standing(found.policy.digest, found.adopted.policy if found.adopted else "", found.looser))
    if found.adopted and found.adopted.decided_at:
        decided = f"{found.adopted.decided_by} on {found.adopted.decided_at:%Y-%m-%d}: {found.adopted.reason}"
        for line in in_short(found.adopted.loosened):
            say(f"loosened: {line} ({decided})")


@group.command("diff")
def diff_policy(directory: Directory = None, debug: Debug = False) -> None:
    """What changed in policy.toml against the policy in force, and how it asks less."""
    from firmground.app.launching.audit_report import in_short
    from firmground.app.launching.policies import look

    del debug
    with opened(directory) as app:
        found = look(app, actor(app, None))
    if found.problem:
        raise InvalidInput(found.problem)
    say(found.diff or "policy.toml is the policy in force")
    for line in in_short(found.looser):
        say(f"asks less: {line}")


@group.command("adopt")
def adopt_policy(
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="The administrator who answers for it.")],
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why: kept in the ledger for good, shown on every audit.")
    ],
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Decide that policy.toml is the policy from now on, although it asks less than before."""
    from firmground.app.launching.audit_report import in_short
    from firmground.app.launching.policies import adopt

    del debug
    with opened(directory) as app:
        made = adopt(app, actor(app, None), by=by, reason=reason)
    if as_json:
        print_json(made.model_dump(mode="json"))
        return
    say(f"policy {made.policy[:12]} is in force; {made.by} answers for it")
    for line in in_short(made.loosened):
        say(f"asks less: {line}")


@group.command("write")
def write_policy(directory: Directory = None, debug: Debug = False) -> None:
    """Write the policy that comes with Firmground, where there is none."""
    from firmground.app.launching.policies import write

    del debug
    with opened(directory) as app:
        say(f"{write(app, actor(app, None))} is written")


def _standing(file: str, in_force: str, looser: tuple[str, ...]) -> str:
    from firmground.app.launching.audit_report import in_short

    if file == in_force:
        return f"this policy is in force: {file[:12]}"
    if looser:
        return f"it asks less than the policy in force, so nothing is audited by it: {'; '.join(in_short(looser))}"
    return f"it comes into force with the next audit: {file[:12]}"
