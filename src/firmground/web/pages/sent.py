"""The form that sends files: taken as it arrives, so that nothing is kept of a form that is not ours, or that never ends."""

import logging
from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

from starlette.requests import Request

from firmground.app.corpus import uploads
from firmground.app.corpus.uploads import Upload
from firmground.errors import FirmgroundError
from firmground.web.filling import Filling
from firmground.web.pages.forms import check_token
from firmground.web.problems import Malformed, TooLarge
from firmground.web.visit import Visit

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartParser

# What is wrong with a form is told to whoever sent it; they shall not fill a log.
logging.getLogger("python_multipart").setLevel(logging.ERROR)
_MOST_FILES = 20
_MOST_FIELDS = 200
_LONGEST_FIELD = 1_000
"""Bytes."""


class Piece(NamedTuple):
    """A stretch of one field or file, in order; `last` when it is complete. A field has no `filename`."""

    name: str
    filename: str | None
    data: bytes
    last: bool


class SentFiles:
    """Fields and files of one form. Entered, it holds what arrives; what is not kept by then is gone when it is left."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._fields: list[tuple[str, str]] = []
        self._files: list[tuple[str, Filling]] = []
        self.count = 0
        """Of files."""
        self._held = ExitStack()
        self.wrong: list[tuple[str, FirmgroundError]] = []
        """Names of files, and what is wrong with them; the others are not touched by it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._held.close()

    async def receive(self, request: Request) -> None:
        """Take the whole form. Forbidden without the token of our pages before its first file; Malformed."""
        value = bytearray()
        filling: Filling | None = None
        begun = False
        async with aclosing(pieces(request)) as form:
            async for piece in form:
                if piece.filename is None:
                    value += piece.data
                    if len(value) > _LONGEST_FIELD:
                        raise TooLarge("a field of the form is too long", "send it from the page again")
                    if piece.last:
                        self._field(piece.name, bytes(value))
                        value.clear()
                    continue
                if not begun:
                    filling = await self._begin(piece.filename)
                begun = not piece.last
                if filling is not None and not await self._fill(piece, filling):
                    filling = None
        check_token(self._value("token"), self._visit)

    async def keep(self) -> list[Upload]:
        """Keep the files that are right."""
        visit, replace = self._visit, bool(self._value("replace"))
        groups = [value for name, value in self._fields if name == "group"]
        kept: list[Upload] = []
        for name, filling in self._files:
            try:
                kept.append(
                    await visit.run(uploads.keep, visit.app, visit.actor, filling.arriving, name, groups, replace=replace)
                )
            except FirmgroundError as error:
                self.wrong.append((name, error))
        return kept

    async def _begin(self, name: str) -> Filling | None:
        """None for a file that cannot be taken, and for the one that a form sends where none was chosen."""
        visit = self._visit
        check_token(self._value("token"), visit)
        if not name:
            return None
        self.count += 1
        if self.count > _MOST_FILES:
            raise TooLarge(f"there are more than {_MOST_FILES} files in one form", "send them in several")
        try:
            await visit.run(uploads.check, visit.app, visit.actor, name)
            arriving = self._held.enter_context(await visit.run(uploads.receive, visit.app, visit.actor))
        except FirmgroundError as error:
            self.wrong.append((name, error))
            return None
        return Filling(visit, arriving)

    async def _fill(self, piece: Piece, filling: Filling) -> bool:
        """Whether it may go on."""
        name = piece.filename or ""
        try:
            await filling.add(piece.data)
            if piece.last:
                await filling.end()
                self._files.append((name, filling))
        except FirmgroundError as error:
            self.wrong.append((name, error))
            return False
        return True

    def _field(self, name: str, value: bytes) -> None:
        if len(self._fields) >= _MOST_FIELDS:
            raise TooLarge("the form has too many fields", "send it from the page again")
        self._fields.append((name, _text(value)))

    def _value(self, name: str) -> str:
        return next((value for given, value in reversed(self._fields) if given == name), "")


async def pieces(request: Request) -> AsyncGenerator[Piece]:
    """What a form of the kind multipart/form-data holds, as it arrives. Malformed where it is none, or stops before its end."""
    from python_multipart.exceptions import FormParserError

    parts = _Parts()
    try:
        parser = parts.parser(request.headers.get("content-type", ""))
        async for chunk in request.stream():
            parser.write(chunk)
            found, parts.found = parts.found, []
            for piece in found:
                yield piece
    except FormParserError:
        raise _unreadable() from None
    if not parts.ended:
        raise _unreadable()


class _Parts:
    """What the parser finds."""

    def __init__(self) -> None:
        self.found: list[Piece] = []
        self.ended = False
        self._header = bytearray()
        self._value = bytearray()
        self._disposition = b""
        self._name = ""
        self._filename: str | None = None

    def parser(self, kind: str) -> "MultipartParser":
        from python_multipart.multipart import MultipartParser, parse_options_header

        boundary = parse_options_header(kind)[1].get(b"boundary")
        if not boundary:
            raise _unreadable()
        return MultipartParser(
            boundary,
            {
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._begin,
                "on_part_data": self._data,
                "on_part_end": self._part_end,
                "on_end": self._end,
            },
        )

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _begin(self) -> None:
        from python_multipart.multipart import parse_options_header

        options = parse_options_header(self._disposition)[1]
        self._disposition = b""
        if b"name" not in options:
            raise _unreadable()
        self._name = _text(options[b"name"])
        self._filename = _text(options[b"filename"]) if b"filename" in options else None

    def _data(self, data: bytes, start: int, end: int) -> None:
        self.found.append(Piece(self._name, self._filename, data[start:end], last=False))

    def _part_end(self) -> None:
        self.found.append(Piece(self._name, self._filename, b"", last=True))

    def _end(self) -> None:
        self.ended = True


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("the form is not UTF-8 text", "send it from the page again") from None


def _unreadable() -> Malformed:
    return Malformed("the form cannot be read", "send it from the page again")
