"""The parser: hostile files in, Markdown out, by way of confined child processes."""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import cast, get_args

from pydantic import ValidationError

from firmground.errors import FirmgroundError, ParseFailed
from firmground.sources.extract import Limits, Recognition
from firmground.sources.sandbox import Bounds, Child, Nursery
from firmground.sources.scratch import sweep
from firmground.types import Page, ParseCode, Parsed, digest

VERSION = 2
"""Grows with every change that can alter the text of any file."""

_LANGUAGES = {"en": "eng", "de": "deu", "fr": "fra", "es": "spa", "it": "ita", "nl": "nld", "pt": "por", "pl": "pol"}
_CODES = frozenset(get_args(ParseCode))


def tessdata() -> str | None:
    """The folder with the recognition data of Tesseract, or None where it is not installed."""
    named = os.environ.get("TESSDATA_PREFIX")
    folders = [Path(named), Path(named) / "tessdata"] if named else []
    folders += [*sorted(Path("/usr/share/tesseract-ocr").glob("*/tessdata"), reverse=True), Path("/usr/share/tessdata")]
    return next((str(folder) for folder in folders if any(folder.glob("*.traineddata"))), None)


def recognition_languages(languages: Sequence[str]) -> list[str]:
    """Their names in Tesseract's own code, which ISO 639-1 codes are turned into."""
    return [_LANGUAGES.get(language, language) for language in languages]


def missing_recognition_data(languages: Sequence[str]) -> list[str]:
    """Those of `languages` (in Tesseract's code) whose data is not installed."""
    data = tessdata()
    return [name for name in recognition_languages(languages) if not (data and (Path(data) / f"{name}.traineddata").is_file())]


@dataclass(frozen=True)
class SandboxedParser:
    """Parses in at most `workers` confined child processes, which are used again for up to `files_per_child` files.

    `seconds` is the time a file may take, `ocr_seconds` the time its recognition may take. With `ocr`, pictures and
    those pages of a PDF that are scanned are read by Tesseract in those of `ocr_languages` (ISO 639-1 or Tesseract codes) that are
    installed; a warning names the others. The text of typed pages is the same with and without. `max_bytes` bounds what is sent to a
    child at all.
    """

    workers: int = field(default_factory=lambda: min(4, os.cpu_count() or 1))
    seconds: float = 30.0
    ocr: bool = False
    ocr_languages: Sequence[str] = ("eng",)
    ocr_seconds: float = 300.0
    files_per_child: int = 200
    max_bytes: int = 100 << 20
    bounds: Bounds = field(default_factory=Bounds)
    limits: Limits = field(default_factory=Limits)
    _pool: "Pool" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_pool", Pool(self.workers, self.files_per_child, self.bounds))

    @property
    def id(self) -> str:
        """Of everything that can change a text: xberg, charset-normalizer, our own version, recognition, limits."""
        parts = [VERSION, version("xberg"), version("charset-normalizer"), self.max_bytes, *self.limits]
        return digest([*parts, *(["ocr", *self._languages()[0]] if self.ocr else [])])

    def parse(self, uri: str, content: bytes) -> Parsed:
        if len(content) > self.max_bytes:
            raise ParseFailed("limit_exceeded", f"{len(content)} bytes are more than the limit of {self.max_bytes}: split it")
        try:
            parsed, scanned = self._ask(uri, content, self.seconds)
        except ParseFailed as failed:
            if not (self.ocr and failed.code == "no_text" and "text recognition" in failed.detail):
                raise
            return self._recognise(uri, content)
        if not (self.ocr and scanned):
            return parsed
        try:
            return self._recognise(uri, content, scanned)
        except ParseFailed as failed:
            return parsed.model_copy(update={"warnings": (*parsed.warnings, f"pages_not_recognised: {failed.code}")})

    def close(self) -> None:
        """End the children. The parser may be used again: it starts new ones."""
        self._pool.close()

    # ------------------------------------------------------------

    @cached_property
    def _tesseract_languages(self) -> list[str]:
        return recognition_languages(self.ocr_languages)

    def _languages(self) -> tuple[list[str], list[str]]:
        """Of those to recognise: the installed and the missing ones."""
        missing = missing_recognition_data(self._tesseract_languages)
        return [name for name in self._tesseract_languages if name not in missing], missing

    def _recognise(self, uri: str, content: bytes, pages: tuple[int, ...] = ()) -> Parsed:
        installed, missing = self._languages()
        data = tessdata()
        if not data or not installed:
            wanted = " ".join(f"tesseract-ocr-{name.replace('_', '-')}" for name in missing)
            raise ParseFailed("ocr_language_missing", f"no recognition data for {', '.join(missing)}: install {wanted}")
        parsed, _ = self._ask(uri, content, self.ocr_seconds, Recognition(tuple(installed), data, pages))
        if not missing:
            return parsed
        return parsed.model_copy(update={"warnings": (*parsed.warnings, f"ocr_language_missing: {', '.join(missing)}")})

    def _ask(
        self, uri: str, content: bytes, seconds: float, recognition: Recognition | None = None
    ) -> tuple[Parsed, tuple[int, ...]]:
        """What a child read, and the numbers of the pages that only recognition can read."""
        request: dict[str, object] = {
            "uri": uri,
            "seconds": seconds,
            "limits": list(self.limits),
            "recognition": recognition,
        }
        child = self._pool.take()
        try:
            header, text = child.ask(request, content, seconds)
        finally:
            self._pool.give_back(child)
        if "code" in header:
            code = str(header["code"])
            raise ParseFailed(code if code in _CODES else "parser_crashed", str(header.get("detail", "")))
        try:
            parsed = _parsed(header, text)
            return parsed, _scanned(header, parsed)
        except (ValidationError, KeyError, TypeError, ValueError) as wrong:
            raise ParseFailed("parser_crashed", "the parsing process gave an answer that makes no sense") from wrong


def _parsed(header: dict[str, object], text: bytes) -> Parsed:
    """The answer of a child, which a hostile file may have taken over: checked like any input."""
    pages = tuple(Page(number=number, start=start, end=end) for number, start, end in cast(list[list[int]], header["pages"]))
    given = {key: header[key] for key in ("media_type", "title", "encoding", "ocr", "warnings", "groups")}
    parsed = Parsed.model_validate({**given, "metadata": header["metadata"] or {}, "text": text.decode("utf-8"), "pages": pages})
    if any(not 0 <= page.start <= page.end <= len(parsed.text) for page in pages):
        raise ValueError("pages outside the text")
    return parsed


def _scanned(header: dict[str, object], parsed: Parsed) -> tuple[int, ...]:
    scanned = tuple(cast(list[int], header["scanned"]))
    if not {page.number for page in parsed.pages}.issuperset(scanned):
        raise ValueError("no such pages")
    return scanned


class Pool:
    """Children at rest, and the right to have another one."""

    def __init__(self, workers: int, files_per_child: int, bounds: Bounds) -> None:
        sweep()  # here, because one that goes on after a kill may have nothing left to parse
        self._files_per_child = files_per_child
        self._bounds = bounds
        self._slots = threading.BoundedSemaphore(workers)
        self._lock = threading.Lock()
        self._idle: list[Child] = []
        self._nursery: Nursery | None = None

    def take(self) -> Child:
        self._slots.acquire()
        try:
            with self._lock:
                while self._idle:
                    child = self._idle.pop()
                    if child.alive:
                        return child
                    child.end()
                self._nursery = self._nursery or Nursery(self._bounds, tessdata() or "")
                nursery = self._nursery
            return nursery.start()
        except (FirmgroundError, OSError, RuntimeError):
            self._slots.release()
            raise

    def give_back(self, child: Child) -> None:
        if child.alive and child.files < self._files_per_child:
            with self._lock:
                self._idle.append(child)
        else:
            child.end()
        self._slots.release()

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
            nursery, self._nursery = self._nursery, None
        for child in idle:
            child.end()
        if nursery:
            nursery.close()
