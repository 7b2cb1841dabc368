"""What a process logs, without personal data: looked through before any handler sees it, whoever logs it."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast
from urllib.parse import unquote_plus

from firmground.types import Span

_LONGEST = 100_000
"""Characters of a line; what is behind them is left out."""

Find = Callable[[str], Sequence[Span]]


class Lines:
    """Makes the records of all loggers. An address that is all of an argument stays: it says who connected."""

    def __init__(self, find: Find, make: Callable[..., logging.LogRecord]) -> None:
        self.find = find
        self._make = make
        self._formatter = logging.Formatter()
        self._looking = threading.local()

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record = self._make(*args, **kwargs)
        if getattr(self._looking, "now", False):  # what the finder itself logs while it opens
            return record
        self._looking.now = True
        try:
            self._clean(record)
        except Exception as error:  # noqa: BLE001 - what cannot be looked through is not told, and nothing fails for it
            record.msg = f"a line was left out, since it could not be looked through ({type(error).__name__})"
            record.args = record.exc_info = record.stack_info = None
        finally:
            self._looking.now = False
        return record

    def _clean(self, record: logging.LogRecord) -> None:
        if record.args:
            record.args = cast("Any", self._arguments(record.args))
        text = record.getMessage()
        if (clean := self.clean(text)) != text and not self._only_addresses(text, record.args):
            record.msg, record.args = clean, None
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = self.clean(self._formatter.formatException(record.exc_info))
        if record.stack_info:
            record.stack_info = self.clean(record.stack_info)

    def _arguments(self, args: object) -> object:
        if isinstance(args, Mapping):
            return {key: self._argument(each) for key, each in cast("Mapping[str, object]", args).items()}
        return tuple(map(self._argument, cast("tuple[object, ...]", args))) if isinstance(args, tuple) else args

    def _argument(self, given: object) -> object:
        if given is None or isinstance(given, bool | int | float):
            return given
        text = str(given)
        return given if self._is_address(text) or (clean := self.clean(text)) == text else clean

    def _is_address(self, text: str) -> bool:
        return any((span.kind, span.start, span.end) == ("ip", 0, len(text)) for span in self.find(text[:100]))

    def _only_addresses(self, text: str, args: object) -> bool:
        whole = {str(each) for each in cast("tuple[object, ...]", args)} if isinstance(args, tuple) else set[str]()
        return all(span.kind == "ip" and text[span.start : span.end] in whole for span in self.find(text))

    def clean(self, text: str) -> str:
        """`text` with the kind in the place of each value, also where it is written as addresses of pages write it."""
        text = text[:_LONGEST]
        found = self._without(text)
        if found == text and "%" in text and (plain := unquote_plus(text)) != text:
            clean = self._without(plain)
            return clean if clean != plain else text
        return found

    def _without(self, text: str) -> str:
        for span in reversed(self.find(text)):
            text = f"{text[: span.start]}[{span.kind}]{text[span.end :]}"
        return text


def look_through(find: Find) -> None:
    """From now on every record of this process is looked through by `find`; the latest one counts."""
    made = logging.getLogRecordFactory()
    if isinstance(made, Lines):
        made.find = find
    else:
        logging.setLogRecordFactory(Lines(find, made))
