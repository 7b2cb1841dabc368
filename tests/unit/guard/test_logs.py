"""No line of a log holds personal data, whoever writes it."""

import logging
from collections.abc import Iterator

import pytest

from firmground.guard.logs import Lines, look_through
from firmground.guard.personal import personal_data

ADDRESS = "greta.holm@lighthouse.test"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    made = logging.getLogRecordFactory()
    logging.setLogRecordFactory(logging.LogRecord)
    look_through(personal_data)
    yield
    logging.setLogRecordFactory(made)


def told(caplog: pytest.LogCaptureFixture, text: str, *args: object, **more: object) -> str:
    caplog.clear()
    with caplog.at_level(logging.INFO):
        logging.getLogger("firmground.tests").info(text, *args, **more)
    return caplog.text


@pytest.mark.parametrize("name", ["firmground.web.served", "uvicorn.error", "somebody.else"])
def test_a_line_of_any_logger_has_the_kind_in_the_place_of_the_value(caplog: pytest.LogCaptureFixture, name: str):
    logger = logging.getLogger(name)
    logger.addHandler(caplog.handler)  # a server that ran in this process before keeps its lines to itself, and to grave ones
    try:
        with caplog.at_level(logging.WARNING, logger=name):
            logger.warning("asked: %s", f"who is {ADDRESS}?")
    finally:
        logger.removeHandler(caplog.handler)
    assert "asked: who is [email]?" in caplog.text
    assert ADDRESS not in caplog.text


@pytest.mark.parametrize(
    ("text", "args", "expected"),
    [
        ("who is %s, %d years", (ADDRESS, 61), "who is [email], 61 years"),
        (f"who is {ADDRESS}", (), "who is [email]"),
        ("%s@%s", ("greta.holm", "lighthouse.test"), "[email]"),
        ("%(who)s", ({"who": ADDRESS},), "[email]"),
        ("%s failed", (ValueError(f"no {ADDRESS}"),), "no [email] failed"),
        ("GET %s", ("/?question=who+is+greta.holm%40lighthouse.test",), "GET /?question=who is [email]"),
        ("100 %% of %s", ("all",), "100 % of all"),
        ("refused from %s", ("203.0.113.9",), "refused from 203.0.113.9"),
        ("said %s", ("my computer is 203.0.113.9",), "said my computer is [ip]"),
    ],
)
def test_wherever_it_stands_in_the_line(caplog: pytest.LogCaptureFixture, text: str, args: tuple[object, ...], expected: str):
    assert expected in told(caplog, text, *args)


def test_tracebacks_are_looked_through(caplog: pytest.LogCaptureFixture):
    try:
        raise ValueError(f"no {ADDRESS}")
    except ValueError:
        said = told(caplog, "it failed", exc_info=True)
    assert "ValueError: no [email]" in said
    assert ADDRESS not in said


def test_a_line_that_cannot_be_looked_through_is_left_out(caplog: pytest.LogCaptureFixture):
    def broken(text: str) -> list[object]:
        raise RuntimeError(text)

    look_through(broken)
    said = told(caplog, "who is %s", ADDRESS)
    assert "a line was left out" in said
    assert ADDRESS not in said


def test_lines_are_looked_through_once_however_often_it_is_asked_for():
    look_through(personal_data)
    made = logging.getLogRecordFactory()
    assert isinstance(made, Lines)
    assert made._make is logging.LogRecord
