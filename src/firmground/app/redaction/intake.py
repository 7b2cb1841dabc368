"""What becomes of personal data in a file before anything of it is stored: nothing, placeholders, or a document that waits."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote

from pydantic import TypeAdapter

from firmground.app.app import App
from firmground.app.corpus.titles import title_from_name
from firmground.app.redaction.keys import PersonalKey
from firmground.errors import Damaged
from firmground.guard.redaction import Redacted, redacted
from firmground.ports import Finder
from firmground.redaction import HiddenValue
from firmground.settings_sources import PersonalData
from firmground.types import Finding, Json, Parsed, Scalar, SourceFile, Span

PERSONAL = "personal_data"
"""Code of a document that waits because it holds some."""
_PLAN = "plan"
_FILES = TypeAdapter(list[SourceFile])


class Place(NamedTuple):
    """What is known of a file before it is parsed, as it may be stored."""

    file: SourceFile
    named: str
    """The title that its name makes."""
    values: Mapping[str, tuple[str, str]]
    """What its metadata hides."""
    name_values: Mapping[str, tuple[str, str]]
    kinds: Counter[str]


class Taken(NamedTuple):
    """What is kept of a file that was parsed."""

    parsed: Parsed
    spans: tuple[Span, ...]
    """Personal data in the text, or the placeholders in its place."""
    values: Mapping[str, tuple[str, str]]
    """What the document hides: kind and value by placeholder."""
    kinds: Counter[str]
    """How often each kind was found, title and metadata included."""


class Intake:
    """How documents of one source are taken in. `key` is there where they are masked. Thread-safe as its parts are."""

    def __init__(self, mode: PersonalData, finder: Finder, key: PersonalKey | None = None) -> None:
        self.mode: PersonalData = mode
        self._finder = finder
        self._key = key

    @property
    def id(self) -> str:
        """Changes with what it makes of a file; empty where it changes nothing."""
        return "" if self.mode == "allow" else f"{self.mode} {self._key.id if self._key else ''} {self._finder.id}"

    def place(self, file: SourceFile) -> Place:
        """What a source tells of a file."""
        named = title_from_name(file.uri)
        if self.mode == "allow":
            return Place(file, named, {}, {}, Counter())
        title = self._named(file.uri)
        values: dict[str, tuple[str, str]] = {}
        kinds = Counter[str]()
        metadata = self._metadata(file.metadata, values, kinds)
        return Place(file.model_copy(update={"metadata": metadata}), title.text, values, title.values, kinds)

    def taken(self, parsed: Parsed, place: Place) -> Taken:
        """What is kept of what was parsed."""
        spans = self._finder.find(parsed.text)
        kinds = Counter(span.kind for span in spans)
        if self.mode == "allow":
            return Taken(parsed, tuple(spans), {}, kinds)
        values = dict(place.values)
        kinds += place.kinds
        own = {"title": parsed.title} if parsed.title else {}
        title = self._metadata(own, values, kinds).get("title")
        metadata = self._metadata(parsed.metadata, values, kinds)
        if not title and "title" not in place.file.metadata:
            values |= place.name_values
            kinds.update(kind for kind, _ in place.name_values.values())
        if self._key is None:
            return Taken(parsed, tuple(spans), {}, kinds)
        text = redacted(self._key.hashing, parsed.text, spans)
        update = {"text": text.text, "title": title, "metadata": metadata, "pages": text.pages(parsed.pages)}
        return Taken(parsed.model_copy(update=update), text.spans, {**values, **text.values}, kinds)

    def plain(self, text: str) -> str:
        """Words about a file, such as why it cannot be read, as they may be stored."""
        return self._words(text).text if self._key else text

    def in_name(self, uri: str) -> list[Finding]:
        """That the address of a masked file holds personal data itself: it cannot be masked, since it is what the file is found by."""
        kinds = sorted({span.kind for span in self._finder.find(unquote(uri))}) if self._key else []
        if not kinds:
            return []
        detail = f"its name holds personal data ({', '.join(map(worded, kinds))}), and names are not masked"
        return [Finding(code="personal_data_in_name", uri=uri, detail=detail, remedy="rename the file")]

    def _metadata(
        self,
        metadata: Mapping[str, Scalar | tuple[Scalar, ...]],
        values: dict[str, tuple[str, str]],
        kinds: Counter[str],
    ) -> dict[str, Scalar | tuple[Scalar, ...]]:
        """With placeholders, where these are wanted; what was found goes into `values` and `kinds`."""
        found: dict[str, Scalar | tuple[Scalar, ...]] = {}
        for key, value in metadata.items():
            made = [self._value(key, each, values, kinds) for each in (value if isinstance(value, tuple) else (value,))]
            found[str(self._value("", key, values, kinds))] = tuple(made) if isinstance(value, tuple) else made[0]
        return found

    def _value(self, key: str, value: Scalar, values: dict[str, tuple[str, str]], kinds: Counter[str]) -> Scalar:
        """A number may be one of a telephone."""
        if isinstance(value, bool | float):
            return value
        made = self._words(str(value), key)
        values |= made.values
        kinds.update(span.kind for span in made.spans)
        return made.text if made.spans and self._key else value

    def _named(self, uri: str) -> Redacted:
        """The title that a name makes; signs that become blanks in it may belong to a value."""
        stem = PurePosixPath(uri).stem
        made = next((made for name in (stem, stem.replace("_", " ")) if (made := self._words(name)).spans), None)
        if made is None:
            return self._words(title_from_name(uri))
        pieces, last = list[str](), 0
        for span in made.spans:
            pieces += [_spaced(made.text[last : span.start]), made.text[span.start : span.end]]
            last = span.end
        return replace(made, text=" ".join("".join([*pieces, _spaced(made.text[last:])]).split()))

    def _words(self, text: str, key: str = "") -> Redacted:
        """What stands under a key is looked at beside it: it may say what a number is."""
        before = f"{key}: " if key and key != "title" else ""
        found = self._finder.find(before + text)
        moved = -len(before)
        spans = [
            span.model_copy(update={"start": span.start + moved, "end": span.end + moved})
            for span in found
            if span.start >= len(before)
        ]
        return redacted(self._key.hashing, text, spans) if self._key else Redacted(text, {}, tuple(spans))


def _spaced(name: str) -> str:
    return name.replace("-", " ").replace("_", " ")


def packed(app: App, source: str, files: Sequence[Json]) -> Json:
    """Files that a plan tells of, as the plan may be stored: what a source says of them may be personal data."""
    if mode_of(app, source) != "mask":
        return list(files)
    return app.personal_key.seal(_PLAN, _PLAN, json.dumps(files)).sealed


def unpacked(app: App, files: Json) -> list[SourceFile]:
    """The same, to be read. None where the key is another by now: the next sync looks at them."""
    if isinstance(files, str):
        try:
            files = json.loads(app.personal_key.open(HiddenValue(placeholder=_PLAN, kind=_PLAN, sealed=files)))
        except Damaged:
            return []
    return _FILES.validate_python(files)


def intake_of(app: App, source: str) -> Intake:
    """How documents of this source are taken in, as the settings say. The errors of `App.personal_key` where they are to be masked."""
    mode = mode_of(app, source)
    return Intake(mode, app.finder, app.personal_key if mode == "mask" else None)


def mode_of(app: App, source: str) -> PersonalData:
    """What becomes of personal data in documents of a source; of one that no settings name any more, nothing new is taken in."""
    settings = app.workspace.settings
    if source == app.uploads.name:
        return settings.uploads.personal_data
    named: dict[str, PersonalData] = {each.name: each.personal_data for each in settings.sources}
    return named.get(source, "allow")


def counted(kinds: Mapping[str, int]) -> str:
    """`3 e-mail, 1 IBAN`, never a value."""
    return ", ".join(f"{count} {worded(kind)}" for kind, count in sorted(kinds.items()))


def worded(kind: str) -> str:
    """A kind of personal data, in words."""
    return kind.replace("_", " ")
