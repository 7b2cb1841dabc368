"""Charts: where things are drawn, what stands in the table, and what odd data come to."""

import math
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from firmground.web.charts import Axis, Rate, Series, bars, lines, rates, reliability, spark, ticks
from firmground.web.language import percent, speak

HEADS = ("State", "Documents")
SIDES = Axis("Week"), Axis("Share", percent, 0, 1)


class Drawn(HTMLParser):
    def __init__(self, chart: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.cells: list[str] = []
        self._cell = False
        self.feed(chart)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in {"td", "th"}:
            self._cell = True
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        self._cell = self._cell and tag not in {"td", "th"}

    def handle_data(self, data: str) -> None:
        if self._cell:
            self.cells[-1] += data

    def named(self, tag: str, style: str = "") -> list[dict[str, str | None]]:
        return [
            each for name, each in self.elements if name == tag and (not style or style in (each.get("class") or "").split(" "))
        ]


def points(drawn: dict[str, str | None]) -> list[tuple[float, ...]]:
    return [tuple(float(each) for each in point.split(",")) for point in (drawn["points"] or "").split()]


def test_bars_are_as_long_as_their_shares_of_the_longest_and_the_table_holds_the_numbers():
    drawn = Drawn(bars("Documents by state", [("indexed", 1500), ("failed", 375), ("waiting", 0)], heads=HEADS))
    assert [float(each["width"] or "") for each in drawn.named("rect")] == [100, 25, 0]
    assert [cell for cell in drawn.cells if cell] == [
        "State",
        "Documents",
        "indexed",
        "1\u202f500",
        "failed",
        "375",
        "waiting",
        "0",
    ]


def test_a_line_goes_from_the_left_edge_to_the_right_and_higher_values_lie_higher():
    drawn = Drawn(lines("Answers", [Series("Answered", [(1, 0.2), (2, 0.4), (3, 1.0)])], *SIDES))
    [line] = drawn.named("polyline", "plot")
    placed = points(line)
    assert [x for x, _ in placed] == pytest.approx([46, 216, 386])
    assert placed[0][1] > placed[1][1] > placed[2][1] == pytest.approx(26)
    assert drawn.cells == ["Week", "Share", "1.00", "20%", "2.00", "40%", "3.00", "100%"]


def test_lines_that_end_together_have_names_that_do_not_cover_each_other_and_stay_inside():
    series = [Series(name, [(0, 0.0), (1, 0.001 * at)]) for at, name in enumerate("abcd")]
    drawn = Drawn(lines("t", series, *SIDES))
    heights = sorted(float(each["y"] or "") for style in ("s1", "s2", "s3", "s4") for each in drawn.named("text", style))
    assert len(heights) == 4
    assert all(after - before >= 14.9 for before, after in pairwise(heights))
    assert heights[-1] <= 250


def test_series_differ_by_more_than_colour():
    drawn = Drawn(lines("t", [Series("rain", [(0, 0), (1, 1)]), Series("sun", [(0, 1), (1, 0)])], *SIDES))
    assert [each["class"] for each in drawn.named("polyline")] == ["plot s1", "plot s2"]
    assert all(not {"style", "fill", "stroke"} & set(each) for _, each in drawn.elements if each.get("class") != "axis")
    with pytest.raises(ValueError, match="5 lines cannot be read"):
        lines("t", [Series(str(n), [(0, 0)]) for n in range(5)], *SIDES)


def test_a_level_lies_at_its_value_and_widens_the_axis_where_it_has_to():
    drawn = Drawn(lines("t", [Series("a", [(0, 1), (1, 2)])], Axis("x"), Axis("y"), level=("goal", 4)))
    [level] = drawn.named("line", "reference")
    assert float(level["y1"] or "") == float(level["y2"] or "") == pytest.approx(26)


def test_what_came_true_as_expected_lies_on_the_dashed_line_and_more_questions_make_a_larger_dot():
    drawn = Drawn(reliability("r", [(0.5, 0.5, 10), (0.9, 0.1, 1000)], across="said", up="true", count="asked"))
    small, large = drawn.named("circle", "dot")
    [even] = drawn.named("line", "reference")
    middle = [(float(even[f"{side}1"] or "") + float(even[f"{side}2"] or "")) / 2 for side in "xy"]
    assert [float(small["cx"] or ""), float(small["cy"] or "")] == pytest.approx(middle, abs=0.06)
    assert float(small["r"] or "") < float(large["r"] or "") == 8
    assert drawn.cells[:6] == ["said", "true", "asked", "50.0%", "50.0%", "10"]


def test_labels_are_text_whatever_they_hold():
    hostile = '"><script>alert(1)</script>'
    charts = [
        bars(hostile, [(hostile, 1)], heads=(hostile, hostile), note=hostile),
        lines(
            hostile, [Series(hostile, [(0, 0), (1, 1)]), Series("b", [(0, 1)])], Axis(hostile), Axis(hostile), level=(hostile, 1)
        ),
        reliability(hostile, [(0.5, 0.5, 1)], across=hostile, up=hostile, count=hostile, note=hostile),
        spark(hostile, [1, 2]),
    ]
    for chart in charts:
        drawn = Drawn(chart)
        assert not drawn.named("script")
        assert "<script" not in chart


@pytest.mark.parametrize("nothing", [[], [(0.0, math.nan)], [(math.inf, 1.0)]])
def test_without_data_it_says_so(nothing: list[tuple[float, float]]):
    assert "nothing to show yet" in lines("t", [Series("a", nothing)], *SIDES)
    assert "nothing to show yet" in bars("t", [(str(x), y) for x, y in nothing if not math.isfinite(y)], heads=HEADS)
    assert "nothing to show yet" in reliability("t", [(x, y, 1) for x, y in nothing], across="a", up="b", count="c")
    assert spark("t", [y for _, y in nothing if not math.isfinite(y)]) == ""


def test_one_point_is_a_dot_in_the_middle():
    drawn = Drawn(lines("t", [Series("a", [(3, 7)])], Axis("x"), Axis("y")))
    [dot] = drawn.named("circle")
    assert (float(dot["cx"] or ""), float(dot["cy"] or "")) == pytest.approx((216, 121))
    assert "NaN" not in spark("t", [5.0])


def test_every_drawing_has_a_name_and_its_own_ids():
    page = lines("a", [Series("x", [(0, 0), (1, 1)])], *SIDES, note="why") + lines("b", [Series("x", [(0, 0), (1, 1)])], *SIDES)
    drawn = Drawn(page)
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids)) == 3
    assert [each["aria-labelledby"] in ids for each in drawn.named("svg")] == [True, True]
    assert drawn.named("svg")[0]["aria-describedby"] in ids


def test_numbers_are_written_in_the_language_of_the_page():
    try:
        speak("de")
        assert "50\u202f%" in lines("t", [Series("a", [(1, 0.5), (2, 1)])], *SIDES)
        assert "1,50" in lines("t", [Series("a", [(1, 0.5), (1.5, 1)])], *SIDES)
    finally:
        speak("en")


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 0.25, 0.5, 0.75, 1]),
        (0, 0.2, [0, 0.05, 0.1, 0.15, 0.2]),
        (3, 47, [20, 40]),
        (-1e6, 1e6, [-1e6, -5e5, 0, 5e5, 1e6]),
    ],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]):
    assert ticks(low, high) == pytest.approx(expected)


def test_a_rate_is_drawn_with_its_interval_and_one_without_cases_is_told_as_not_measured():
    drawn = Drawn(
        rates("Came to", [Rate("passed", 0.5, 0.25, 0.875, 40), Rate("<b>", None, 0.0, 1.0, 0)], heads=("Outcome", "Share"))
    )
    band, mark = drawn.named("rect")
    assert (float(band["x"] or ""), float(band["width"] or "")) == (25, 62.5)
    assert 48 < float(mark["x"] or "") < 50
    assert [cell for cell in drawn.cells if cell] == [
        "Outcome",
        "Share",
        "passed",
        "50.0% 25% to 88%, of 40",
        "<b>",
        "not measured",
    ]


def test_intervals_stand_at_their_points_and_in_the_table():
    series = Series("passed", [(1, 0.5), (2, 0.75)], [(0.25, 0.75), (0.5, 1.0)])
    across = Axis("Run", lambda n: f"{n:.0f}", told=lambda n: f"run {n:.0f}")
    drawn = Drawn(lines("Trend", [series], across, SIDES[1]))
    strokes, dots = drawn.named("line", "plot"), drawn.named("circle", "dot")
    assert [stroke["x1"] for stroke in strokes] == [dot["cx"] for dot in dots]
    for stroke, dot in zip(strokes, dots, strict=True):
        assert float(stroke["y2"] or "") < float(dot["cy"] or "") < float(stroke["y1"] or "")
    assert drawn.cells == ["Run", "Share", "95% interval", "run 1", "50%", "25% – 75%", "run 2", "75%", "50% – 100%"]
