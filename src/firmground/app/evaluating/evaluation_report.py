"""An evaluation as one page for people: the verdict first, each rate with its interval, what changed, what failed."""

from collections.abc import Iterator, Sequence
from html import escape

from firmground.app import sheet
from firmground.evaluate.cases import Case
from firmground.evaluate.report import Change, Report, Result, Share, answered
from firmground.evaluate.written import headline, interval, left_out, measured, moves, opinion, percent, why

Cases = Sequence[tuple[Case, Sequence[Result]]]
_WIDTH, _HEIGHT, _EDGE = 160, 16, 6


def as_page(report: Report, cases: Cases) -> str:
    """It holds the questions of the cases that failed and what was wrong, and no words of documents."""
    good = not report.leaked and all(each.verdict == "better" for each in report.rivals)
    parts = [
        f"<h1>Evaluation of {escape(report.release[:12])}</h1>",
        f'<p class="promise{"" if good else " not"}">{escape(headline(report))}</p>',
        *([f'<p class="promise not">{escape(left_out(report))}.</p>'] if report.unreadable else []),
        f'<p class="soft">{escape(_asked(report))}</p>',
        f'<p class="soft">Judge: {escape(opinion(report.judge))}.</p>' if report.judge else "",
        "<h2>Rates</h2>",
        sheet.table("With 95 % intervals; cases that share a document count as dependent", _HEADS, [*_rates(report)], raw={3}),
        _rivals(report),
        _changes(report),
        _moved(report),
        _failed(cases),
        _times(report),
        _sources(report),
    ]
    return sheet.framed(f"Evaluation of {report.release[:12]}", "\n".join(part for part in parts if part))


_HEADS = ("", "Cases", "Rate", "0 to 100 %", "95 % interval")


def _asked(report: Report) -> str:
    told = (
        f"{report.passed.cases} cases (dataset {report.dataset[:12]}), version {report.corpus} of the corpus,"
        f" {report.created_at:%Y-%m-%d %H:%M} UTC, {report.seconds:.0f} s"
    )
    repeats = f", each asked {report.repeats} times, {report.flipped} not always the same" if report.repeats > 1 else ""
    errors = f", {report.errors} ended with an error" if report.errors else ""
    return f"{told}{repeats}{errors}. {measured(report)}".strip() + "."


def _rates(report: Report) -> Iterator[tuple[str, ...]]:
    yield _rate("passed", report.passed)
    yield _rate("answered wrongly", report.answered_wrongly)
    yield _rate("wrongly refused", report.wrongly_refused)
    if report.disclosed is not None:
        yield _rate("disclosed", report.disclosed)
    for kind, row in report.kinds.items():
        yield _rate(f"passed: {kind.replace('_', ' ')}", row.passed)


def _rate(name: str, share: Share) -> tuple[str, ...]:
    return name, f"{share.events} of {share.cases}", percent(share.value), _drawn(share), interval(share)


def _drawn(share: Share) -> str:
    """A dot in its interval; the cells beside it say the same in figures."""
    if share.value is None:
        return ""
    low, high, dot = (_EDGE + each * (_WIDTH - 2 * _EDGE) for each in (share.low, share.high, share.value))
    axis = f'<path class="axis" d="M{_EDGE} {_HEIGHT / 2}H{_WIDTH - _EDGE}"/>'
    span = f'<path class="span" d="M{low:.1f} {_HEIGHT / 2}H{high:.1f}"/>'
    point = f'<circle class="dot" cx="{dot:.1f}" cy="{_HEIGHT / 2}" r="4"/>'
    size = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}"'
    return f'<svg aria-hidden="true" {size}>{axis}{span}{point}</svg>'


def _rivals(report: Report) -> str:
    rows = [
        (
            each.name,
            percent(each.passed.value),
            percent(each.answered_wrongly.value),
            str(each.better),
            str(each.worse),
            f"{each.p:.2g}",
        )
        for each in report.rivals
    ]
    heads = ("Compared with", "It passes", "It answers wrongly", "Cases won", "Cases lost", "p (McNemar)")
    notes = "".join(f'<p class="soft">{escape(f"{each.name}: {each.note}")}.</p>' for each in report.rivals if each.note)
    return "<h2>Beside what is simpler</h2>" + sheet.table("The same cases", heads, rows) + notes if rows else ""


def _changes(report: Report) -> str:
    if not report.against:
        return ""
    name = f"<h2>Changed from {escape(report.against[:12])}</h2>"
    if not report.changes:
        return f"{name}<p>No case came out differently.</p>"
    return name + sheet.table(
        "The worst first", ("Case", "It became"), [(each.case, _became(each)) for each in report.changes], words={1}
    )


def _moved(report: Report) -> str:
    if not report.moved:
        return ""
    heads = ("Measure", "Cases", "Before", "Now", "Change, 95 %", "")
    return sheet.table("On the cases that have it in both; all measures together at 5 %", heads, moves(report), words={5})


def _became(change: Change) -> str:
    return "newly answered wrongly" if change.newly_wrong else change.became


def _failed(cases: Cases) -> str:
    rows = [
        (
            case.id,
            case.kind.replace("_", " "),
            case.question,
            case.expect.behaviour,
            why(next(each for each in came if not each.passed)),
        )
        for case, came in sorted(cases, key=lambda each: not any(answered(result) for result in each[1]))
        if not all(each.passed for each in came)
    ]
    if not rows:
        return "<h2>Failed cases</h2><p>None.</p>"
    heads = ("Case", "Kind", "Question", "Expected", "What is wrong")
    return f"<h2>Failed cases</h2>{sheet.table(f'{len(rows)}; those with an answer first', heads, rows, words={1, 2, 3, 4})}"


def _times(report: Report) -> str:
    known = {"first sentence": report.first_sentence_ms, "whole answer": report.total_ms, **report.stages_ms}
    rows = [(name, *(f"{each[rank]:.0f}" for rank in ("p50", "p95", "p99"))) for name, each in known.items() if each]
    cost = "not known" if report.cost_usd is None else f"${report.cost_usd:.4f}"
    return f"<h2>Time and money</h2>{sheet.table('Milliseconds', ('', 'p50', 'p95', 'p99'), rows)}<p>Cost of a case: {cost}.</p>"


def _sources(report: Report) -> str:
    rows = [(name, f"{each.passed} of {each.cases}") for name, each in sorted(report.sources.items())]
    table = sheet.table("Cases that name a document", ("Document", "Passed"), rows)
    return f"<details><summary>By document</summary>{table}</details>" if rows else ""
