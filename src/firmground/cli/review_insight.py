"""`review insight`: how reviews go."""

from typing import TYPE_CHECKING, Annotated

import typer

from firmground.cli.options import AsJson, AsPerson, Debug, Directory, actor, opened
from firmground.cli.terminal import print_json, say, table

if TYPE_CHECKING:
    from firmground.app.reviewing.insight import Insight


def insight(
    days: Annotated[int, typer.Option("--days", metavar="N", min=1, max=366, help="Look so far back.")] = 30,
    person: AsPerson = None,
    as_json: AsJson = False,
    directory: Directory = None,
    debug: Debug = False,
) -> None:
    """Who decides how much and whether in time, how far people agree, and what makes most of the work."""
    from firmground.app.reviewing.insight import insight as use

    del debug
    with opened(directory) as app:
        found = use(app, actor(app, person), days=days)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        _show(found)


def _show(found: "Insight") -> None:
    say(
        f"the last {found.days} days: {found.opened} opened, {found.decided} decided; {found.waiting} wait, {found.overdue} overdue"
    )
    if found.decided:
        median = "–" if found.median_minutes is None else f"{found.median_minutes:.0f} minutes"
        say(f"in time: {found.in_time} of {found.decided}; median time to a decision: {median}")
    agreed = found.agreement
    kappa = "not known" if agreed.kappa is None else f"{agreed.kappa:.2f}"
    say(f"agreement of two who judge blind: kappa {kappa}, the same in {agreed.agreed} of {agreed.cases}")
    if found.reviewers:
        table(
            ("person", "decided", "edited or rejected", "in hand"),
            [(each.person, str(each.decided), str(each.changed), str(each.in_hand)) for each in found.reviewers],
        )
    for title, rows in (("cause", found.by_rule), ("release", found.by_release), ("source", found.by_source)):
        if rows:
            table((title, "reviews", "edited or rejected"), [(each.name, str(each.items), str(each.changed)) for each in rows])
