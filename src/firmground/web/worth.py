"""What the pages say of an evaluation: the sentence that comes first, names, and figures."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from firmground.app.app import App
from firmground.app.evaluating import evaluation
from firmground.app.launching import releases
from firmground.errors import FirmgroundError
from firmground.evaluate.report import AGAINST, Change, Count, Report, Rival, Share
from firmground.types import Actor
from firmground.web import charts
from firmground.web.language import _, day, marked, percent, plural
from firmground.web.rendering import words

_TREND = 24
"""Evaluations in the picture of how things went."""
_SOURCES = 30
"""Documents that a trend can be narrowed to: those that most cases rest on."""
_SOURCE = "source:"
KIND_NAMES: Mapping[str, str] = {
    "normal": marked("Everyday questions"),
    "messy": marked("Written in a hurry"),
    "missing_context": marked("Something is missing"),
    "sensitive": marked("Sensitive"),
    "out_of_scope": marked("Out of scope"),
}


def headline(made: Report) -> tuple[str, str]:
    """The sentence that comes first, and its style: what was disclosed, then whether something simpler is as good."""
    if made.leaked:
        return plural(
            "%(num)s case disclosed documents that the asker may not see.",
            "%(num)s cases disclosed documents that the asker may not see.",
            made.leaked,
        ), "stop"
    beaten = [each for each in made.rivals if each.verdict != "better"]
    if not beaten:
        return _("Better than %(others)s on the same cases.", others=_(" and ").join(map(rival_name, made.rivals))), "good"
    worst = beaten[-1]
    told = {"name": rival_name(worst), "won": worst.better, "lost": worst.worse}
    if worst.verdict == "worse":
        return _("Worse than %(name)s (cases won: %(won)s, lost: %(lost)s).", **told), "stop"
    return _("No better than %(name)s so far as these cases show (cases won: %(won)s, lost: %(lost)s).", **told), "fair"


def rival_name(rival: Rival) -> str:
    """What a person calls it."""
    known = {
        evaluation.BASELINE: _("a search without AI"),
        "extractive": _("quotes without a language model"),
        AGAINST: _("the release compared with"),
    }
    return known.get(rival.name, rival.name)


def names(app: App, actor: Actor) -> dict[str, str]:
    """What each released recipe is called, by digest."""
    known = {each.spec.digest: _("release %(n)s", n=each.number) for each in releases.listed(app, actor)}
    with suppress(FirmgroundError):
        now = releases.show(app, actor, releases.CANDIDATE)
        known.setdefault(now.spec.digest, _("the candidate"))
    return known


def rates(made: Report) -> str:
    """What the cases came to, as a figure."""
    rows = [
        (_("Passed"), made.passed),
        (_("Answered wrongly"), made.answered_wrongly),
        (_("Wrongly not answered"), made.wrongly_refused),
    ]
    rows += [(_("Disclosed something"), made.disclosed)] if made.disclosed else []
    return charts.rates(
        _("What the cases came to"),
        [_rate(name, each) for name, each in rows],
        heads=(_("Outcome"), _("Share of cases, with its 95% interval")),
        note=_("The band is where the true share lies, 95 times in 100: the fewer cases, the wider."),
    )


def kinds(made: Report) -> str:
    """How many passed of each kind, as a figure."""
    rows = [_rate(_(KIND_NAMES.get(kind, words(kind))), row.passed) for kind, row in made.kinds.items()]
    return charts.rates(_("Passed, by kind of case"), rows, heads=(_("Kind"), _("Share of cases, with its 95% interval")))


def _rate(name: str, each: Share) -> charts.Rate:
    return charts.Rate(name, each.value, each.low, each.high, each.cases)


def changes(found: Sequence[Change]) -> list[tuple[str, str, list[Change]]]:
    """What became of which cases, the worst first."""
    newly = [each for each in found if each.newly_wrong]
    worse = [each for each in found if each.became == "worse" and not each.newly_wrong]
    better = [each for each in found if each.became == "better" and not each.newly_wrong]
    groups = [("stop", _("Newly answered wrongly"), newly), ("fair", _("Worse"), worse), ("good", _("Better"), better)]
    return [group for group in groups if group[2]]


def trend(found: Sequence[Report], of: str = "") -> str:
    """The rates of all evaluations of the cases that were asked last, others are not comparable; `of` narrows them to a kind of case, or
    to those on one document, as `trend_choices` names them. Nothing where there is no trend yet."""
    same = [each for each in found if each.dataset == found[0].dataset and each.passed.cases][:_TREND][::-1]
    shares = _shares(same, of)
    if len(same) < 2 or not shares:
        return ""

    def short(at: float) -> str:
        return f"{at:.0f}" if at == round(at) and at >= 1 else ""

    def told(at: float) -> str:
        n = int(at)
        return f"{n} ({day(same[n - 1].created_at)})"

    series = [
        charts.Series(
            name,
            # Side by side, so that no interval hides another.
            [(n + aside, each.value or 0.0) for n, each in enumerate(row, 1)],
            [(each.low, each.high) for each in row if isinstance(each, Share)],
        )
        for aside, (name, row) in zip((0.0, 0.04 * len(same)), shares, strict=False)
    ]
    return charts.lines(
        _("The same cases over time"),
        series,
        charts.Axis(_("Evaluation, oldest first"), short, 1 - 0.1 * len(same), 1.1 * len(same), told),
        charts.Axis(_("Share of cases"), percent, 0, 1),
        note=_("All evaluations of the cases that were asked last. The upright strokes are 95% intervals."),
    )


def trend_choices(found: Sequence[Report]) -> list[tuple[str, str]]:
    """What a trend can be narrowed to: its name in an address, and for people."""
    if not found:
        return []
    kinds = [(kind, _(KIND_NAMES[kind])) for kind in found[0].kinds]
    sources = sorted(found[0].sources.items(), key=lambda each: (-each[1].cases, each[0]))[:_SOURCES]
    return kinds + [(f"{_SOURCE}{name}", name) for name, _count in sources]


def _shares(same: Sequence[Report], of: str) -> list[tuple[str, list[Share | Count]]]:
    if not of:
        return [(_("Passed"), [each.passed for each in same]), (_("Wrong"), [each.answered_wrongly for each in same])]
    if of.startswith(_SOURCE):
        name = of.removeprefix(_SOURCE)
        counts: list[Share | Count] = [each.sources[name] for each in same if name in each.sources]
        return [(_("Passed"), counts)] if len(counts) == len(same) else []
    rows: list[Share | Count] = [row.passed for each in same for kind, row in each.kinds.items() if kind == of]
    return [(_("Passed"), rows)] if len(rows) == len(same) else []
