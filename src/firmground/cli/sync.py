"""`sync` and `status`."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firmground.cli.options import AsJson, Debug, Directory, actor, opened
from firmground.cli.terminal import print_json, progress, remark, say, table
from firmground.errors import FirmgroundError, OutsideFailed

if TYPE_CHECKING:
    from firmground.app.app import App

_SHOWN = 12
_OF_PLACES = frozenset(
    {
        "unreadable",
        "unsupported",
        "limit_exceeded",
        "link_outside",
        "link_loop",
        "sidecar_invalid",
        "sidecar_without_document",
        "rule_matches_nothing",
        "gone",
        "disallowed",
        "redirect_outside",
        "redirect_loop",
        "sitemap_outside",
        "sitemap_unreadable",
        "not_linked",
    }
)
"""Warnings that nothing else on the screen tells of; those of single files stand in the quality report."""


def sync(
    source: Annotated[list[str] | None, typer.Option("--source", metavar="NAME", help="Only this source. Repeatable.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change; write nothing.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Go on, and sync again whenever files change.")] = False,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Take in what changed in the sources. Interrupted, it goes on where it stopped."""
    from firmground.app.corpus import sync as use

    del debug
    with opened(directory) as app:
        if dry_run:
            plan = use.dry_run(app, actor(app, None), source or ())
            _show_plan(plan, as_json=as_json)
            _end_as(plan)
            return
        noticed: Iterable[None] = ()
        if watch:
            from firmground.app.corpus.watching import changes

            noticed = changes(app, source or ())  # before the first sync: what changes meanwhile is seen too
        report = _once(app, source or [], as_json=as_json)
        if watch:
            remark("watching for changes; stop with Ctrl-C")
        for _ in noticed:
            try:
                _once(app, source or [], as_json=as_json)
            except FirmgroundError as failed:  # what is out of order now may answer the next time
                if failed.exit_code != OutsideFailed.exit_code:
                    raise
                remark(f"firmground: {failed}")
    _end_as(report)


def status(as_json: AsJson = False, directory: Directory = None, debug: Debug = False) -> None:
    """What the workspace holds: sources, documents, index, jobs."""
    from firmground.app.status import status as use

    del debug
    with opened(directory) as app:
        found = use(app, actor(app, None))
    if as_json:
        print_json(found)
        return
    say(f"workspace  {found['workspace']} ({found['root']})")
    say(f"data       {found['data']}, {found['bytes'] / 1e6:.1f} MB")
    say(f"database   {found['database']['kind']} {found['database']['version']}")
    say()
    table(
        ("source", "indexed", "quarantined", "failed", "chunks", "last sync"),
        [
            (each["source"], each["indexed"], each["quarantined"], each["failed"], each["chunks"], each["synced_at"] or "never")
            for each in found["sources"]
        ],
    )
    for job in found["jobs"]:
        progress_ = job["progress"]
        far = f", {progress_['done']} of {progress_['total']} {progress_['unit']}" if progress_["total"] else ""
        say(f"job {job['id']}: {job['kind']} {job['state']}{far}")
    for kind in sorted({job["kind"] for job in found["jobs"] if job["state"] == "interrupted"}):
        say(f"run `firmground {'release calibrate' if kind == 'calibrate' else kind}` to go on")


def _once(app: "App", sources: list[str], *, as_json: bool) -> dict[str, Any]:
    from firmground.app.corpus import sync as use

    with progress("syncing") as shown:
        report = use.sync(app, actor(app, None), sources, watch=shown)
    if as_json:
        print_json(report)
    else:
        show_report(report)
        for each in report["sources"]:
            if not any(count for kind, count in each["documents"].items() if kind != "removed"):
                _name_the_folder(app, each["source"])
    _name_unreached(report)
    return report


def _name_unreached(report: dict[str, Any]) -> None:
    for each in report["unreached"]:
        remark(f"firmground: {each['source']} was not synced: {OutsideFailed(each['problem'], each['remedy'])}")


def _end_as(report: dict[str, Any]) -> None:
    if report["unreached"]:
        raise typer.Exit(OutsideFailed.exit_code)


def _name_the_folder(app: "App", source: str) -> None:
    for section in app.workspace.settings.sources:
        if section.name == source and section.kind == "web":
            say(f"{source} holds no documents: look at its urls, include and exclude, then sync again")
        elif section.name == source:
            say(f"{source} holds no documents: put documents into {app.workspace.source_path(section)}, then sync again")


def show_report(report: dict[str, Any]) -> None:
    """The report of a sync, for people."""
    heads = ("added", "changed", "renamed", "removed", "unchanged", "quarantined", "failed")
    table(
        ("source", *heads, "chunks"),
        [(each["source"], *(each["documents"][kind] for kind in heads), each["chunks"]["total"]) for each in report["sources"]],
    )
    problems = [
        problem
        for each in report["sources"]
        for problem in each["problems"]
        if problem["kind"] != "warning" or problem["code"] in _OF_PLACES
    ]
    for problem in problems[:_SHOWN]:
        say(f"  {problem['kind']}: {problem['uri']}: {problem['code']}: {problem['detail']}")
    if len(problems) > _SHOWN:
        say(f"  … and {len(problems) - _SHOWN} more: firmground documents list --state failed, --state quarantined")
    findings: dict[str, int] = {}
    for each in report["sources"]:
        for code, count in each["quality"]["counts"].items():
            findings[code] = findings.get(code, 0) + count
    if findings:
        say(
            "quality: "
            + ", ".join(f"{count} {code.replace('_', ' ')}" for code, count in findings.items())
            + " (firmground documents quality)"
        )
    say(f"took {report['seconds']:.1f} s")


def _show_plan(plan: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(plan)
        _name_unreached(plan)
        return
    heads = ("added", "changed", "renamed", "removed", "unchanged", "quarantined", "failed")
    table(("source", *heads), [(each["source"], *(each["documents"][kind] for kind in heads)) for each in plan["sources"]])
    say("nothing was written")
    _name_unreached(plan)
