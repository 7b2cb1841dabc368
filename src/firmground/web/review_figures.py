"""How reviews go, as figures."""

from collections.abc import Sequence
from datetime import date

from markupsafe import Markup

from firmground.app.reviewing.insight import Insight, Work
from firmground.web import charts
from firmground.web.language import _, day, marked, number

CAUSES = {
    "mismatch": marked("Sources do not bear it out"),
    "sample": marked("Chosen by chance"),
    "request": marked("The asker wants a person"),
    "challenge": marked("The asker challenges it"),
    "source_changed": marked("A source changed"),
    "blind": marked("Judged twice"),
}
_ROWS = 12


def drawn(found: Insight) -> list[Markup]:
    """Work over time, what came of it, and what makes it."""
    outcomes = {"approved": _("approved"), "edited": _("edited"), "rejected": _("rejected"), "withdrawn": _("withdrawn")}
    return [
        _over_time(found),
        charts.bars(
            _("What people decided"),
            [(words, found.outcomes.get(code, 0)) for code, words in outcomes.items()],
            heads=(_("Outcome"), _("Reviews")),
        ),
        _made_by(_("What brings answers to people"), _("Cause"), found.by_rule, named=True),
        _made_by(_("Work by release"), _("Release"), found.by_release),
        _made_by(
            _("Work by source"), _("Source"), found.by_source, note=_("Of the newest 500 reviews, by what their answers rest on.")
        ),
    ]


def _over_time(found: Insight) -> Markup:
    days = [date.fromisoformat(each.day) for each in found.by_day]

    def named(at: float) -> str:
        return f"{days[int(at)].day}.{days[int(at)].month}." if 0 <= at < len(days) and at == round(at) else ""

    def told(at: float) -> str:
        return day(found.by_day[int(at)].day)

    return charts.lines(
        _("Opened and decided, day by day"),
        [
            charts.Series(_("opened"), [(n, each.opened) for n, each in enumerate(found.by_day)]),
            charts.Series(_("decided"), [(n, each.decided) for n, each in enumerate(found.by_day)]),
        ],
        charts.Axis(_("Day"), named, told=told),
        charts.Axis(_("Reviews"), lambda count: number(round(count)), 0, 1),
    )


def _made_by(title: str, head: str, rows: Sequence[Work], *, named: bool = False, note: str = "") -> Markup:
    shown = [(_name(each.name) if named else each.name, each.items) for each in rows[:_ROWS]]
    return charts.bars(title, shown, heads=(head, _("Reviews")), note=note)


def _name(cause: str) -> str:
    kind, _space, rule = cause.partition(" ")
    return _("Rule: %(name)s", name=rule) if kind == "rule" else _(CAUSES.get(cause, cause))
