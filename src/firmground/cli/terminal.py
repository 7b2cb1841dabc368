"""What a person sees: results on stdout, progress and remarks on stderr; with --json, one document and nothing else on stdout."""

import json
import logging
import os
import shutil
import sys
import textwrap
import time
import unicodedata
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from firmground.types import Job


_UNSEEN = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
"""Where a word may break or letters join: without them a terminal shows the same words."""
_READABLE = 120
"""Signs in a line that is read with ease."""


def print_json(document: Any) -> None:
    """On stdout, with every sign escaped that could steer a terminal or is no valid Unicode."""
    written = json.dumps(document, ensure_ascii=False, default=str, indent=None if not sys.stdout.isatty() else 2)
    escaped = "".join(sign if sign.isprintable() or sign == "\n" else json.dumps(sign)[1:-1] for sign in written)
    sys.stdout.write(escaped + "\n")
    sys.stdout.flush()


def say(text: str = "") -> None:
    """To stdout. Control characters of documents never reach the terminal."""
    sys.stdout.write(safe(text) + "\n")


def remark(text: str) -> None:
    """To stderr."""
    sys.stderr.write(safe(text) + "\n")
    sys.stderr.flush()


def confirm(question: str) -> None:
    """Returns if the person at the terminal says yes. Refused if they do not; InvalidInput where nobody can be asked."""
    from firmground.errors import InvalidInput, Refused

    if not sys.stdin.isatty():
        raise InvalidInput("there is no terminal to ask at, so nothing was done", "add --yes if you are sure")
    sys.stderr.write(safe(f"{question} [y/N] "))
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise Refused("nothing was done", "answer y to go ahead")


def password(path: "Path | None", prompt: str) -> str:
    """The first line of a file, or what somebody types, twice and unseen. InvalidInput where there is neither file nor terminal."""
    from getpass import getpass

    from firmground.errors import InvalidInput

    if path is not None:
        try:
            return path.read_text(encoding="utf-8").partition("\n")[0].removesuffix("\r")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise InvalidInput(f"cannot read the password file {path} ({why})", "check its path and permissions") from None
    if not sys.stdin.isatty():
        raise InvalidInput("there is no terminal to ask for the password at", "name a file with --password-file")
    typed = getpass(safe(f"{prompt}: "))
    if getpass("The same again: ") != typed:
        raise InvalidInput("the two were not the same", "run the command again")
    return typed


def safe(text: str) -> str:
    """Without what could steer a terminal: a document's text is not ours. Spaces of other widths become spaces."""
    return "".join(map(_safe_sign, text))


def one_line(text: str) -> str:
    """What a document says of itself, so that it cannot look like a line of ours."""
    return " ".join(text.split())


def _safe_sign(sign: str) -> str:
    if sign in "\n\t" or (sign.isprintable() and not 0xE0000 <= ord(sign) <= 0xE007F):
        return sign
    if sign in _UNSEEN:
        return ""
    return " " if unicodedata.category(sign) == "Zs" else "�"


def table(head: Sequence[str], rows: Sequence[Sequence[object]], *, sentences: bool = False) -> None:
    """A plain table, columns as wide as their content; on a terminal wrapped so that it fits. One of whole `sentences` is for reading
    alone: it is wrapped everywhere, and never wider than is read with ease."""
    cells = [[safe(str(cell)).replace("\n", " ").replace("\t", " ") for cell in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    if sentences or sys.stdout.isatty():
        available = shutil.get_terminal_size().columns if sys.stdout.isatty() else _READABLE
        available = min(available, _READABLE) if sentences else available
        spaced = [column for column in range(len(head)) if any(" " in row[column] for row in cells)]
        for columns, least in ((spaced, 24), (range(len(head)), 12)):  # an address is copied, so it is broken last
            widths = _narrowed(widths, columns, least, available)
    for row in cells:
        parts = [textwrap.wrap(cell, width) if len(cell) > width else [cell] for cell, width in zip(row, widths, strict=True)]
        for line in zip_longest(*parts, fillvalue=""):
            sys.stdout.write("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n")


def _narrowed(widths: Sequence[int], columns: Sequence[int], least: int, available: int) -> list[int]:
    """The widest of these columns made narrower until all fit, none of them to less than `least` characters."""
    narrowed = list(widths)
    while sum(narrowed) + 2 * (len(narrowed) - 1) > available:
        widest = max(columns, key=narrowed.__getitem__, default=None)
        if widest is None or narrowed[widest] <= least:
            break
        narrowed[widest] -= 1
    return narrowed


@contextmanager
def progress(verb: str) -> "Generator[Callable[[Job], None], None, None]":
    """Shows a job: a bar with rate and time left on a terminal, else a plain line every few seconds. On stderr, which is meanwhile
    kept free of the log: a job that fails ends the command with its one line."""
    log, silence = logging.getLogger("firmground"), logging.NullHandler()
    if not debugging():
        log.addHandler(silence)
    try:
        if sys.stderr.isatty():
            with _bar(verb) as watch:
                yield watch
        else:
            yield _Lines(verb)
    finally:
        log.removeHandler(silence)


def debugging() -> bool:
    """Whether tracebacks are wanted."""
    return "--debug" in sys.argv or bool(os.environ.get("FIRMGROUND_DEBUG"))


class _Lines:
    """For logs and pipes."""

    def __init__(self, verb: str, every_seconds: float = 5.0) -> None:
        self._verb = verb
        self._every = every_seconds
        self._last = time.monotonic()

    def __call__(self, job: "Job") -> None:
        now = time.monotonic()
        if job.state == "running" and job.progress.total and now - self._last >= self._every:
            self._last = now
            remark(f"{self._verb}: {job.progress.done} of {job.progress.total} {job.progress.unit}")


@contextmanager
def _bar(verb: str) -> "Generator[Callable[[Job], None], None, None]":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    rate = TextColumn("{task.fields[rate]}")
    columns = (TextColumn(verb), BarColumn(), MofNCompleteColumn(), rate, TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(verb, total=None, rate="")

        def watch(job: "Job") -> None:
            if job.progress.total:
                speed = shown.tasks[0].speed
                rate = f"{speed:.1f} {job.progress.unit}/s" if speed else job.progress.unit
                shown.update(task, completed=job.progress.done, total=job.progress.total, rate=rate)

        yield watch
