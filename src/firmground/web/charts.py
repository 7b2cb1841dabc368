"""Charts drawn on the server: a figure with its caption, an SVG that needs no script, and the numbers behind it as a table.

Colours come from classes of the style sheet, so both themes and forced colours hold; series differ by dash and by a name at their end too.
Numbers are written by a `form` (`language.number`, `decimal`, `percent`). Points that are not finite are left out.
"""

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from markupsafe import Markup

from firmground.web.language import _, decimal, number, percent

Form = Callable[[float], str]
Point = tuple[float, float]

MOST_SERIES = 4
_WIDTH, _HEIGHT = 400.0, 250.0
_LEFT, _TOP, _BOTTOM, _MARGIN = 46.0, 26.0, 34.0, 14.0
_NAMES = 92.0
"""Room at the end of lines for their names."""
_APART = 15.0
_LONGEST_NAME = 14


@dataclass(frozen=True)
class Series:
    """A line and its name. `ranges`: for each point between what it may truly lie, drawn as an upright stroke."""

    name: str
    points: Sequence[Point]
    ranges: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True)
class Axis:
    """What is measured along one side, and how its numbers are written; in the table perhaps at more length. Its ends are the data's,
    widened to `low` and `high` if given."""

    title: str
    form: Form = field(default=decimal)
    low: float | None = None
    high: float | None = None
    told: Form | None = None


@dataclass(frozen=True)
class Rate:
    """A share of `cases` with its interval; `value` is None where there are none."""

    name: str
    value: float | None
    low: float
    high: float
    cases: int


def bars(
    title: str, rows: Sequence[tuple[str, float]], *, heads: tuple[str, str], form: Form | None = None, note: str = ""
) -> Markup:
    """A bar for each row. The table is the chart: label, bar, number. `heads` name the labels and the numbers. Nothing is less than 0."""
    sound = [(label, value) for label, value in rows if math.isfinite(value) and value >= 0]
    most = max((value for _label, value in sound), default=0) or 1
    body = Markup("").join(
        Markup(
            '<tr><th scope="row"><bdi>{}</bdi></th>'
            '<td class="drawn"><svg aria-hidden="true" viewBox="0 0 100 10" preserveAspectRatio="none">'
            '<rect class="bar s1" width="{:.2f}" height="10"/></svg></td><td class="n">{}</td></tr>'
        ).format(label, 100 * value / most, (form or _whole)(value))
        for label, value in sound
    )
    table = Markup(
        '<table><thead><tr><th scope="col">{}</th><td></td><th scope="col" class="n">{}</th></tr></thead><tbody>{}</tbody></table>'
    )
    return _figure(title, table.format(*heads, body) if sound else None, note=note, kind="bars")


def rates(title: str, rows: Sequence[Rate], *, heads: tuple[str, str], note: str = "") -> Markup:
    """Shares with their intervals: a stroke for the share, a band for what it may truly be. The table is the chart."""
    drawing = Markup(
        '<svg aria-hidden="true" viewBox="0 0 100 10" preserveAspectRatio="none"><line class="grid" x1="0" x2="100" y1="5" y2="5"/>'
        '<rect class="bar s1" x="{:.2f}" y="2.5" width="{:.2f}" height="5" fill-opacity=".35"/>'
        '<rect class="bar s1" x="{:.2f}" width="1.4" height="10"/></svg>'
    )
    body = Markup("").join(
        Markup(
            '<tr role="row"><th scope="row" role="rowheader"><bdi>{}</bdi></th>'
            '<td role="cell" class="drawn">{}</td><td role="cell">{}</td></tr>'
        ).format(
            each.name,
            "" if each.value is None else drawing.format(100 * each.low, 100 * (each.high - each.low), 98.6 * each.value),
            _rate(each),
        )
        for each in rows
    )
    table = Markup(
        '<table><thead><tr><th scope="col">{}</th><td></td><th scope="col">{}</th></tr></thead><tbody>{}</tbody></table>'
    )
    return _figure(title, table.format(*heads, body) if rows else None, note=note, kind="bars rates")


def lines(
    title: str, series: Sequence[Series], across: Axis, up: Axis, *, level: tuple[str, float] | None = None, note: str = ""
) -> Markup:
    """One to four lines with their names at their ends. `level` is a dashed line across, with its name. The figures are in the table."""
    if len(series) > MOST_SERIES:
        raise ValueError(f"a chart of {len(series)} lines cannot be read: show {MOST_SERIES} at most")
    sound = [Series(each.name, _finite(each.points), each.ranges) for each in series]
    sound = [each for each in sound if each.points]
    heights = [(0.0, level[1])] if level else []
    heights += [(0.0, end) for each in sound for range_ in each.ranges for end in range_]
    plane = _plane([point for each in sound for point in each.points], heights, across, up, named=len(sound) > 1)
    if plane is None:
        return _figure(title, None, note=note)
    drawn = [plane.frame()]
    if level:
        drawn.append(plane.level(*level))
    ends = _spread([plane.y(each.points[-1][1]) for each in sound], plane.top, plane.bottom)
    for index, (each, end) in enumerate(zip(sound, ends, strict=True), 1):
        drawn += [plane.line(each.points, f"s{index}"), plane.spans(each, f"s{index}")]
        if len(sound) > 1:
            drawn.append(
                Markup('<text class="s{}" x="{:.1f}" y="{:.1f}">{}</text>').format(
                    index, plane.right + 8, end + 4, _short(each.name)
                )
            )
    told = across.told or across.form
    rows = [(each.name, told(x), up.form(y)) for each in sound for x, y in each.points]
    heads = (_("Series"), across.title, up.title)
    if any(each.ranges for each in sound):
        ranges = [f"{up.form(low)} – {up.form(high)}" for each in sound for low, high in each.ranges]
        heads, rows = (*heads, _("95% interval")), [(*row, range_) for row, range_ in zip(rows, ranges, strict=True)]
    if len(sound) == 1:
        heads, rows = heads[1:], [row[1:] for row in rows]
    return _figure(title, _svg(title, note, drawn), _table(heads, rows), note=note)


def reliability(
    title: str, points: Sequence[tuple[float, float, int]], *, across: str, up: str, count: str, note: str = ""
) -> Markup:
    """Shares that were expected and that came true, and of how many: on the dashed line both are the same; larger dots stand for more."""
    sound = [each for each in points if _finite([each[:2]]) and each[2] > 0]
    if not sound:
        return _figure(title, None, note=note)
    sides = Axis(across, percent, 0, 1), Axis(up, percent, 0, 1)
    plane = _Plane((0, 1), (0, 1), *sides, right=_WIDTH - _MARGIN)
    most = max(each[2] for each in sound)
    even = Markup('<line class="reference" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>')
    drawn = [plane.frame(), even.format(plane.x(0), plane.y(0), plane.x(1), plane.y(1))]
    drawn += [
        plane.dot(x, y, 3 + 5 * math.sqrt(many / most), f"{percent(x)} → {percent(y)} ({number(many)})") for x, y, many in sound
    ]
    rows = [(percent(x, 1), percent(y, 1), number(many)) for x, y, many in sound]
    return _figure(title, _svg(title, note, drawn), _table((across, up, count), rows), note=note)


def spark(label: str, values: Sequence[float]) -> Markup:
    """A small line without axes, for a row of a table; `label` says what a screen reader shall. Nothing where there is nothing to draw."""
    points = _finite([(float(at), value) for at, value in enumerate(values)])
    if not points:
        return Markup("")
    (first, last), (low, high) = _ends([x for x, _y in points]), _ends([y for _x, y in points])
    placed = [(2 + 96 * (x - first) / (last - first), 22 - 20 * (y - low) / (high - low)) for x, y in points]
    line = Markup('<polyline class="plot" points="{}" vector-effect="non-scaling-stroke"/>').format(_joined(placed))
    dot = Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="2.5"/>').format(*placed[-1])
    return Markup('<svg class="spark" role="img" aria-label="{}" viewBox="0 0 100 24">{}{}</svg>').format(label, line, dot)


@dataclass(frozen=True)
class _Plane:
    """Where values lie in a drawing."""

    xs: tuple[float, float]
    ys: tuple[float, float]
    across: Axis
    up: Axis
    right: float
    top: float = _TOP
    bottom: float = _HEIGHT - _BOTTOM

    def x(self, value: float) -> float:
        return _LEFT + (value - self.xs[0]) / (self.xs[1] - self.xs[0]) * (self.right - _LEFT)

    def y(self, value: float) -> float:
        return self.bottom - (value - self.ys[0]) / (self.ys[1] - self.ys[0]) * (self.bottom - self.top)

    def frame(self) -> Markup:
        """Axes with round numbers, quiet lines across, and the names of both sides."""
        parts = [Markup('<path class="axis" d="M{:.1f} {:.1f}H{:.1f}" fill="none"/>').format(_LEFT, self.bottom, self.right)]
        for value in ticks(*self.ys):
            at = self.y(value)
            parts.append(
                Markup('<line class="grid" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>').format(_LEFT, self.right, at, at)
            )
            parts.append(_text(_LEFT - 6, at + 4, "end", self.up.form(value)))
        parts += [_text(self.x(value), self.bottom + 16, "middle", self.across.form(value)) for value in ticks(*self.xs)]
        parts.append(_text(self.right, _HEIGHT - 3, "end", self.across.title))
        parts.append(_text(0, 12, "start", self.up.title))
        return Markup("").join(parts)

    def level(self, name: str, value: float) -> Markup:
        """A dashed line across."""
        at = self.y(value)
        line = Markup('<line class="reference" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>').format(
            _LEFT, self.right, at, at
        )
        return line + _text(_LEFT + 4, at - 5, "start", name)

    def line(self, points: Sequence[Point], style: str) -> Markup:
        """A line, or a dot where there is one point."""
        if len(points) == 1:
            return self.dot(*points[0], 4, "", style)
        placed = _joined([(self.x(x), self.y(y)) for x, y in points])
        return Markup('<polyline class="plot {}" points="{}"/>').format(style, placed)

    def spans(self, series: Series, style: str) -> Markup:
        """What each point may truly be, and the point itself, since there are few."""
        stroke = Markup('<line class="plot {}" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}" stroke-opacity=".5"/>')
        drawn = [
            stroke.format(style, self.x(x), self.x(x), self.y(low), self.y(high)) + self.dot(x, y, 3.5, "", style)
            for (x, y), (low, high) in zip(series.points, series.ranges, strict=False)
        ]
        return Markup("").join(drawn)

    def dot(self, x: float, y: float, radius: float, told: str, style: str = "s1") -> Markup:
        drawn = Markup('<circle class="dot {}" cx="{:.1f}" cy="{:.1f}" r="{:.1f}"><title>{}</title></circle>')
        return drawn.format(style, self.x(x), self.y(y), radius, told)


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round numbers between two ends: steps of 1, 2, 2.5 or 5 times a power of ten."""
    rough = (high - low) / about
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(step * each, 12) for each in range(first, last + 1)]


def _plane(points: Sequence[Point], more: Sequence[Point], across: Axis, up: Axis, *, named: bool) -> _Plane | None:
    if not points:
        return None
    xs = _ends([x for x, _y in points], across)
    ys = _ends([y for _x, y in [*points, *more]], up)
    return _Plane(xs, ys, across, up, _WIDTH - (_NAMES if named else _MARGIN))


def _ends(values: Sequence[float], axis: Axis | None = None) -> tuple[float, float]:
    """The least and the most, never the same."""
    given = [each for each in (axis.low, axis.high) if each is not None] if axis else []
    low, high = min([*values, *given]), max([*values, *given])
    if low < high:
        return low, high
    return low - (abs(low) or 1) / 2, high + (abs(high) or 1) / 2


def _spread(heights: Sequence[float], top: float, bottom: float) -> list[float]:
    """Heights of names, moved so that none covers another, in the order given."""
    order = sorted(range(len(heights)), key=lambda at: heights[at])
    placed = [heights[at] for at in order]
    for above, below in pairwise(range(len(placed))):
        placed[below] = max(placed[below], placed[above] + _APART)
    too_low = max(placed[-1] - bottom, 0) if placed else 0
    found = dict(zip(order, [max(each - too_low, top) for each in placed], strict=True))
    return [found[at] for at in range(len(heights))]


def _figure(title: str, drawing: Markup | None, table: Markup | None = None, *, note: str = "", kind: str = "") -> Markup:
    shown = drawing if drawing is not None else Markup('<p class="quiet">{}</p>').format(_("There is nothing to show yet."))
    told = Markup('<p class="quiet">{}</p>').format(note) if note else Markup("")
    behind = Markup("")
    if table:
        wide = Markup('<div class="wide" role="group" aria-label="{}" tabindex="0">{}</div>').format(title, table)
        behind = Markup("<details><summary>{}</summary>{}</details>").format(_("The figures"), wide)
    return Markup('<figure class="chart {}"><figcaption>{}</figcaption>{}{}{}</figure>').format(kind, title, told, shown, behind)


def _svg(title: str, note: str, parts: Sequence[Markup]) -> Markup:
    inside = Markup("").join(parts)
    id = "c" + hashlib.sha256(f"{title}{inside}".encode("utf-8", "replace")).hexdigest()[:8]
    described = Markup('<desc id="{}d">{}</desc>').format(id, note) if note else Markup("")
    named = Markup(' aria-describedby="{}d"').format(id) if note else Markup("")
    head = Markup('<svg role="img" aria-labelledby="{0}"{1} viewBox="0 0 {2:.0f} {3:.0f}"><title id="{0}">{4}</title>')
    return head.format(id, named, _WIDTH, _HEIGHT, title) + described + inside + Markup("</svg>")


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(each) for each in heads)
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(Markup("").join(Markup("<td>{}</td>").format(cell) for cell in row)) for row in rows
    )
    return Markup("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(head, body)


def _text(x: float, y: float, anchor: str, text: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(x, y, anchor, text)


def _joined(points: Sequence[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _finite(points: Sequence[Point]) -> list[Point]:
    return [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def _rate(each: Rate) -> Markup:
    if each.value is None:
        return Markup('<span class="quiet">{}</span>').format(_("not measured"))
    told = _("%(low)s to %(high)s, of %(cases)s", low=percent(each.low), high=percent(each.high), cases=number(each.cases))
    return Markup('<strong>{}</strong> <span class="quiet">{}</span>').format(percent(each.value, 1), told)


def _whole(value: float) -> str:
    return number(round(value))
