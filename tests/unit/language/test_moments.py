import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmground.language.moments import moments


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20",
        "20 November 2026",
        "November 20, 2026",
        "Nov 20, 2026",
        "20.11.2026",
        "20/11/2026",
        "11/20/2026",
        "the 20th of November 2026",
        "am 20. November 2026",
        "le 20 novembre 2026",
        "el 20 de noviembre de 2026",
    ],
)
def test_a_date_in_its_written_forms(text: str) -> None:
    (day,) = moments(text).days
    assert (2026, 11, 20) in day.readings


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("by 31 March", (None, 3, 31)),
        ("in November", (None, 11, None)),
        ("since June 2021", (2021, 6, None)),
        ("in 2023", (2023, None, None)),
        ("Ende Mai", (None, 5, None)),
        ("en mars", (None, 3, None)),
    ],
)
def test_a_part_of_a_date(text: str, reading: tuple[int | None, ...]) -> None:
    (day,) = moments(text).days
    assert day.readings == (reading,)


@pytest.mark.parametrize("text", ["you may go", "they march on", "a mark", "99 days", "2,026 items", "€2026", "3.5.2 of it"])
def test_what_is_no_date(text: str) -> None:
    assert moments(text).days == ()


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("3 pm", 900),
        ("3 p.m.", 900),
        ("15:00", 900),
        ("15:00 Uhr", 900),
        ("15 Uhr", 900),
        ("15.30 Uhr", 930),
        ("15 h", 900),
        ("15h30", 930),
        ("12 am", 0),
        ("12 pm", 720),
        ("noon", 720),
        ("minuit", 0),
    ],
)
def test_a_time_in_its_written_forms(text: str, minutes: int) -> None:
    (clock,) = moments(text).clocks
    assert clock.minutes == minutes


def test_weekdays_and_their_ranges() -> None:
    found = moments("Mon–Fri, or from Monday to Wednesday")
    assert [day for day, _, _ in found.weekdays] == [0, 4, 0, 2]
    assert found.weekday_ranges == ((0, 4), (0, 2))


def test_the_rest_is_blank_where_they_stood() -> None:
    text = "On 20 November 2026 at 3 pm: 5 days"
    assert moments(text).rest == "On                  at     : 5 days"


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    assert len(moments(text).rest) == len(text)


@given(
    st.lists(
        st.sampled_from(["20", "2026", "Nov", "mai", ".", "-", "/", " ", "3", "pm", "h", ":", "İ", "Monday", "to", "ſept", "de"])
    )
)
def test_pieces_of_dates_can_be_read(parts: list[str]) -> None:
    for text in ("".join(parts), " ".join(parts)):
        assert len(moments(text).rest) == len(text)
