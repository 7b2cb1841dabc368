"""A calibration as one page: no script, no request, the table behind each picture."""

import json
from html import escape
from pathlib import Path

from firmground.answer.calibration import At, Calibration
from firmground.app import sheet
from firmground.errors import InvalidInput, OutsideFailed
from firmground.evaluate.threshold import Promise

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 440, 300, 46, 40
_MOST_RISK = 0.2
"""Where the picture of the risk ends: nobody wants more."""


def check_path(path: Path) -> None:
    """InvalidInput unless it names a .html or .json file."""
    if path.suffix.lower() not in {".html", ".json"}:
        raise InvalidInput(f"{path} is neither .html nor .json", "name a file that ends in one of them")


def written(found: Calibration, made: Promise | None, path: Path, workspace: str) -> None:
    """Write the report in the form that the ending of `path` asks for. OutsideFailed where it cannot be written."""
    check_path(path)
    text = page(found, workspace, made)
    if path.suffix.lower() == ".json":
        known = {**found.model_dump(mode="json"), "wrong_answers": made and made.model_dump(mode="json")}
        text = json.dumps(known, ensure_ascii=False, indent=1)
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise OutsideFailed(f"cannot write {path} ({error.strerror})", "name a file that can be written") from None


def page(found: Calibration, workspace: str, made: Promise | None = None) -> str:
    """The HTML of the report."""
    kind = "promise" if found.calibrated else "promise not"
    parts = [
        f"<h1>Calibration of {escape(workspace)}</h1>",
        f'<p class="{kind}">{escape(found.promise[0].upper() + found.promise[1:])}.</p>',
        f'<p class="soft">{escape(_asked(found))}</p>',
        _promise(made),
        _rates(found),
        _kinds(found),
        _figure("Is the confidence right?", _RELIABILITY, _reliability(found), _bins(found)) if found.bins else "",
        _figure("What silence costs", _RISK, _risk(found), _curve(found)) if found.curve else "",
        f"<h2>How it was found</h2><p>{_HOW}</p>",
    ]
    return sheet.framed(f"Calibration of {workspace}", "\n".join(part for part in parts if part))


_RELIABILITY = (
    "Each dot is a group of questions. On the dashed line, of the questions with confidence .7 the documents cover 70 %. About half of "
    "the questions asked were covered."
)
_RISK = (
    "The further left, the more silent. The height is the share of questions that the documents do not cover and that get an answer all "
    "the same, up to a fifth; the dotted line is the rate that was asked for."
)
_HOW = (
    "Questions with a known source, golden cases and questions made from sentences of the documents, were each asked twice: with the "
    "document, and with it and its duplicates and versions left out. All figures are of confidences computed by a fit that had not seen "
    "the document. The bound is by document (Korn and Graubard 1998, 95 %, one-sided): questions about one document stand or fall "
    "together. Made questions use words of their sentence, so they are easier than what people ask; the table above keeps the two kinds "
    "apart. Questions that a document <em>almost</em> answers are not among them, and nothing is promised about those."
)


def _asked(found: Calibration) -> str:
    said = f"{found.questions} questions, {found.uncovered} of them also without their documents ({found.documents} documents)"
    figures = (
        f"; told apart with AUROC {found.auroc:.3f}, calibration error {found.ece:.3f}"
        if found.auroc is not None and found.ece is not None
        else ""
    )
    return f"{said}{figures}{_reviewed(found)}. Version {found.corpus} of the corpus, {found.made_at.replace('T', ' ')[:16]} UTC."


def _reviewed(found: Calibration) -> str:
    """That nobody takes what reviewers chose themselves for a sample."""
    used = f"; learnt besides from {found.reviewed} answers that reviewers judged" if found.reviewed else ""
    if not found.reviewed_left_out:
        return used
    return f"{used}; {found.reviewed_left_out} judged answers left out: how probable it was that somebody looked is not known"


def _promise(made: Promise | None) -> str:
    if made is None:
        return ""
    if not made.kept:
        return f'<p class="promise not">Nothing is promised about wrong answers: {escape(made.why_not)}.</p>'
    said = f"Of questions like the golden cases, at most {_percent(made.target)} get a wrong answer"
    seen = f"{made.wrong} of {made.cases} cases on {made.documents} documents at threshold {made.threshold or 0.0:.4f}"
    left = f"{made.answered_rightly} of {made.answerable} that can be answered rightly still are"
    bound = f"upper 95&nbsp;% bound by document {_percent(made.upper)} (learn then test)"
    return f'<p class="promise">{said}.</p><p class="soft">{seen}, {bound}; {left}.</p>'


def _rates(found: Calibration) -> str:
    if not found.at:
        return ""
    rows = [_rate(each, found.rate) for each in found.at]
    heads = (
        "Uncovered answered, at most",
        "Threshold",
        "Seen",
        "Bound by document",
        "Were questions independent",
        "Covered still answered",
    )
    return "<h2>What each rate costs</h2>" + sheet.table("Thresholds, the strictest first", heads, rows)


def _rate(at: At, wanted: float) -> tuple[str, ...]:
    mark = " (chosen)" if at.rate == wanted else ""
    shares = (at.uncovered, at.bound, at.bound_independent, at.covered)
    return (f"{_percent(at.rate)}{mark}", f"{at.threshold:.4f}", *map(_percent, shares))


def _kinds(found: Calibration) -> str:
    if not found.kinds:
        return ""
    names = {"golden": "Golden cases", "made": "Made from documents"}
    rows = [
        (
            names.get(kind, kind),
            str(each.questions),
            str(each.documents),
            "" if each.auroc is None else f"{each.auroc:.3f}",
            _percent(each.covered),
            _percent(each.uncovered),
            "" if each.right is None else _percent(each.right),
        )
        for kind, each in found.kinds.items()
    ]
    heads = ("Questions", "Asked", "Documents", "AUROC", "Covered answered", "Uncovered answered", "From the known source")
    return "<h2>What people ask, and what was made</h2>" + sheet.table("At the threshold chosen", heads, rows)


def _figure(name: str, caption: str, drawing: str, data: str) -> str:
    figure = f"<figure>{drawing}<figcaption>{caption}</figcaption></figure>"
    return f"<h2>{name}</h2>{figure}<details><summary>The figures</summary>{data}</details>"


def _bins(found: Calibration) -> str:
    rows = [(f"{each.confidence:.3f}", _percent(each.covered), str(each.questions)) for each in found.bins]
    return sheet.table("Reliability", ("Mean confidence", "Covered", "Questions"), rows)


def _curve(found: Calibration) -> str:
    rows = [(f"{threshold:.4f}", _percent(covered), _percent(uncovered)) for threshold, covered, uncovered in found.curve]
    return sheet.table("Risk and coverage", ("Threshold", "Covered answered", "Uncovered answered"), rows)


def _reliability(found: Calibration) -> str:
    most = max(each.questions for each in found.bins)
    dots = "".join(
        f'<circle class="dot" cx="{_x(each.confidence):.1f}" cy="{_y(each.covered):.1f}" r="{3 + 5 * (each.questions / most) ** 0.5:.1f}"/>'
        for each in found.bins
    )
    even = f'<line class="even" x1="{_x(0):.1f}" y1="{_y(0):.1f}" x2="{_x(1):.1f}" y2="{_y(1):.1f}"/>'
    return _drawing("Reliability diagram: share covered against confidence", "confidence", "covered", even + dots)


def _risk(found: Calibration) -> str:
    points = [(0.0, 0.0), *((covered, uncovered) for _, covered, uncovered in found.curve if uncovered <= _MOST_RISK)]
    path = " ".join(f"{_x(covered):.1f},{_y(uncovered / _MOST_RISK):.1f}" for covered, uncovered in points)
    level = _y(found.rate / _MOST_RISK)
    rate = f'<line class="rate" x1="{_x(0):.1f}" x2="{_x(1):.1f}" y1="{level:.1f}" y2="{level:.1f}"/>'
    name = "Risk and coverage: uncovered questions answered against covered questions answered"
    return _drawing(
        name, "covered questions answered", "uncovered answered", f'{rate}<polyline class="curve" points="{path}"/>', _MOST_RISK
    )


def _drawing(name: str, across: str, up: str, inside: str, most: float = 1.0) -> str:
    ticks = "".join(
        f'<text x="{_x(each / 4):.0f}" y="{_y(0) + 16:.0f}" text-anchor="middle">{each * 25} %</text>'
        f'<text x="{_LEFT - 6}" y="{_y(each / 4) + 4:.0f}" text-anchor="end">{each * 25 * most:g} %</text>'
        for each in range(5)
    )
    frame = f'<path class="axis" d="M{_x(0):.1f} {_y(1):.1f}V{_y(0):.1f}H{_x(1):.1f}"/>'
    labels = (
        f'<text x="{_x(0.5):.0f}" y="{_HEIGHT - 4}" text-anchor="middle">{across}</text><text x="{_LEFT + 4}" y="12">{up}</text>'
    )
    return f'<svg role="img" aria-label="{name}" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}">{frame}{ticks}{labels}{inside}</svg>'


def _x(share: float) -> float:
    return _LEFT + share * (_WIDTH - _LEFT - 24)


def _y(share: float) -> float:
    return (_HEIGHT - _BOTTOM) - share * (_HEIGHT - _BOTTOM - 18)


def _percent(share: float) -> str:
    return f"{100 * share:.3g}\u00a0%"
