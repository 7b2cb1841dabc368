"""What a model says, piece by piece, becomes drafted sentences. Whatever it says: this never fails, and never takes long."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from firmground.answer.inert import visible
from firmground.answer.marks import MOST_MARKS, Part, in_the_middle, parts
from firmground.types import Json

NO_ANSWER = "NO_ANSWER"
"""What a model says instead of sentences when the passages do not answer."""

SCHEMA: dict[str, Json] = {
    "type": "object",
    "properties": {
        "answerable": {"type": "boolean", "description": "Whether the passages answer the question."},
        "sentences": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "text": {"type": "string", "description": "One sentence, without marks."},
                    "citations": {
                        "type": "array",
                        "items": {"type": "integer"},
                        "description": "Numbers of the passages that say it.",
                    },
                },
                "required": ["text", "citations"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["answerable", "sentences"],
    "additionalProperties": False,
}
"""The form of an answer for a model that keeps to a JSON schema (strict)."""

_STRUCTURED_FORM = """Write one JSON object and nothing else:
{"answerable": true, "sentences": [{"text": "One sentence.", "citations": [1]}, {"text": "Another.", "citations": [2, 3]}]}
`citations` holds the numbers of the passages that say what the sentence says; no sentence is without.
Write no marks such as [1] into `text`.
If the passages do not answer the question, write {"answerable": false, "sentences": []}"""
_PLAIN_FORM = f"""Write plain sentences. Before the full stop of each, put the numbers of the passages that say it in brackets:
One sentence [1]. Another one [2][3].
No sentence is without. Write no headings, no tables, no list of sources.
If the passages do not answer the question, write {NO_ANSWER} and nothing else."""

_THINKING = re.compile(r"<(think|thinking|thought|reasoning|analysis|reflection)>\Z", re.IGNORECASE)
_THOUGHT = re.compile(r"</(?:think|thinking|thought|reasoning|analysis|reflection)>\Z", re.IGNORECASE)
_OBJECT = re.compile(r"\{\s{0,40}\"(?:answerable|sentences)\"\Z")
_ANSWERABLE = re.compile(r"(?<!\\)\"answerable\"\s{0,40}:\s{0,40}(true|false)")
_REFUSED = re.compile(rf"[\W_]{{0,9}}{NO_ANSWER.replace('_', '[_ -]?')}(?![^\W_])", re.IGNORECASE)
_NOT_SAID = re.compile(r"[\W_]*\Z|\s*(?:`{3,}|~{3,})\s*\w{0,20}\s*\Z")
_PICTURE = re.compile(r"!\[([^\]\n]{0,200})\]\([^)\n]{0,2000}\)")
_DELIMITER = re.compile(r"\s*\|(?:\s*:?-+:?\s*\|)+\s*\Z")
_TURNS = frozenset(".!?\u2026\n\u3002\uff01\uff1f\uff61\u061f\u06d4\u0964\u0965\u0589\u1362\u104b\u17d4")
"""Signs after which a sentence can end."""
_ENDED = re.compile(
    r"[.!?\u2026\u3002\uff01\uff1f\uff61\u061f\u06d4\u0964\u0965\u0589\u1362\u104b\u17d4|][\"'\u201d\u2019\u00bb)\]*_`]*\Z"
)

_LONGEST_SENTENCE = 2_000
_MOST_SENTENCES = 40
_LONGEST_ANSWER = 60_000
_LONGEST_THOUGHT = 600_000
_PROSE_BEFORE_JSON = 600
"""Characters of other text that a model which was asked for JSON may say before it."""


@dataclass(frozen=True)
class Drafted:
    """A sentence, list item or table row as a model wrote it, without its marks, and the passages it says it has it from."""

    text: str
    marks: tuple[int, ...]
    """As written: they may be wrong, and none means that the sentence must not be shown."""


@dataclass(frozen=True)
class Ending:
    """How it ended."""

    rest: tuple[Drafted, ...]
    """What was complete only now."""
    answerable: bool
    """False where the model said that the passages do not answer."""
    malformed: str
    """Why it, or part of it, could not be read, for a person and for one repair; drafts given before are as good as ever."""


def form(structured: bool) -> str:
    """How a model is told to write what `Reading` reads."""
    return _STRUCTURED_FORM if structured else _PLAIN_FORM


class Reading:
    """Reads one answer. However its text is cut into pieces, the same sentences come out, each as soon as it is complete.

    Both forms are known by themselves; `structured` says which was asked for. Thoughts, fences, and what stands around a JSON object
    are dropped. One thread.
    """

    def __init__(self, *, structured: bool) -> None:
        self._state: Literal["text", "thought", "json", "over"] = "text"
        self._wait = _PROSE_BEFORE_JSON if structured else 0
        self._read = self._thought = self._given = 0
        self._cited = False
        self._pending = ""
        self._next_look = 0
        self._turned = False
        self._json = _Objects()
        self._answerable: bool | None = None
        self._malformed = ""

    @property
    def over(self) -> bool:
        """Whether nothing more will be read: the rest need not be waited for."""
        return self._state == "over"

    def feed(self, piece: str) -> list[Drafted]:
        """The sentences that are complete with this piece."""
        found: list[Drafted] = []
        for sign in piece:
            if self._state == "over":
                break
            for drafted in self._sign(sign):
                found += self._give(drafted)
        return found

    def finish(self, *, cut: bool = False) -> Ending:
        """The end of the text. `cut`: it broke off, so that a sentence without an end is dropped."""
        rest: list[Drafted] = []
        if self._state == "text":
            for drafted in self._flush(cut=cut):
                rest += self._give(drafted)
        elif self._state == "thought":
            self._fault("it only thought")
        elif self._state == "json":
            self._fault("the JSON object has no end")
        self._state = "over"
        answerable = self._answerable is not False
        if answerable and not self._given and not self._malformed:
            self._malformed = "no sentences" if self._answerable or self._json.begun else "nothing was said"
        return Ending(tuple(rest), answerable, self._malformed)

    def _give(self, drafted: Drafted) -> list[Drafted]:
        if self._answerable is False:
            return []
        if self._given == _MOST_SENTENCES:
            self._fault(f"more than {_MOST_SENTENCES} sentences")
            return []
        self._given += 1
        self._cited = self._cited or bool(drafted.marks)
        return [drafted]

    def _fault(self, why: str) -> None:
        self._malformed = self._malformed or why
        self._state = "over"

    def _sign(self, sign: str) -> Iterator[Drafted]:
        if self._state == "thought":
            self._think(sign)
            return
        self._read += 1
        if self._read > _LONGEST_ANSWER:
            self._fault(f"longer than {_LONGEST_ANSWER} characters")
        elif self._state == "json":
            yield from self._parse(sign)
        else:
            yield from self._write(sign)

    def _think(self, sign: str) -> None:
        self._thought += 1
        self._pending = (self._pending + sign)[-16:]
        if sign == ">" and _THOUGHT.search(self._pending):
            self._state, self._pending = "text", ""
        elif self._thought > _LONGEST_THOUGHT:
            self._fault("it never stopped thinking")

    def _parse(self, sign: str) -> Iterator[Drafted]:
        for text, marks in self._json.read(sign):
            if not self._cited and _REFUSED.match(text):
                self._answerable = False
            yield from _sentences_of(text, marks)
        if self._answerable is None and sign in ",}":
            self._answerable = self._json.answerable
        if self._json.fault:
            self._fault(self._json.fault)
        elif self._json.closed:
            self._malformed = self._malformed or self._json.unread
            self._state = "over"

    def _write(self, sign: str) -> Iterator[Drafted]:
        before = self._pending[-1:]
        self._pending += sign
        if sign == ">" and self._thinks():
            return
        if sign == '"' and _OBJECT.search(self._pending[-60:]):
            opened = self._pending[self._pending.rindex("{") :]
            self._state, self._pending = "json", ""
            for each in opened:
                self._json.read(each)
            return
        self._turned = self._turned or sign in _TURNS
        if self._turned and self._read >= self._wait and (sign == "\n" or (_word(before) and not _word(sign))):
            yield from self._look()
        if len(self._pending) > _LONGEST_SENTENCE and self._read >= self._wait:
            yield from self._look(at_once=True)
            if len(self._pending) > _LONGEST_SENTENCE:
                self._fault(f"a sentence longer than {_LONGEST_SENTENCE} characters")

    def _thinks(self) -> bool:
        """Whether thoughts begin here, or end that never began: then what came before was one."""
        begun, ended = _THINKING.search(self._pending[-16:]), _THOUGHT.search(self._pending[-16:])
        if begun:
            self._state = "thought"
            # What was said before the thought is none; it is too rare to be worth keeping apart.
            self._pending = ""
        elif ended:
            self._pending = ""
        return bool(begun or ended)

    def _look(self, *, at_once: bool = False) -> Iterator[Drafted]:
        """The sentences that are complete: all but the last, which may yet go on or get a mark."""
        pending = self._pending
        if len(pending) < self._next_look and not at_once:
            return
        line = pending[pending.rfind("\n", 0, len(pending) - 1) + 1 :]
        unfinished = line.lstrip()[:1] in {"|", "#", "`", "~"} and not line.endswith("\n")
        if unfinished or in_the_middle(pending):
            return
        found = parts(pending)
        if self._refused(found):
            return
        if len(found) < 2:
            # Abbreviations can make one sentence look ended again and again: looked at less and less often, it stays cheap.
            self._next_look = len(pending) + len(pending) // 4
            self._pending = "" if pending.isspace() else pending
            return
        yield from _said(found, len(found) - 1)
        self._pending, self._next_look = pending[found[-1].begun :], 0
        self._turned = any(sign in _TURNS for sign in self._pending)

    def _flush(self, *, cut: bool) -> Iterator[Drafted]:
        found = parts(self._pending)
        if not self._refused(found):
            broken = cut and bool(found) and not _ENDED.search(found[-1].text)
            yield from _said(found, len(found) - broken)

    def _refused(self, found: Sequence[Part]) -> bool:
        """Whether it says that there is no answer, before it gave any that cites something."""
        first = next((at for at, part in enumerate(found) if part.marks or _REFUSED.match(part.text)), None)
        if self._cited or first is None or not _REFUSED.match(found[first].text):
            return False
        self._answerable, self._state = False, "over"
        return True


def _said(found: Sequence[Part], until: int) -> Iterator[Drafted]:
    """The first of these parts, without what says nothing: rules, fences, header rows. Of pictures the words stay: whatever shows
    them would load them from where the model says."""
    for at, part in enumerate(found[:until]):
        text = _PICTURE.sub(r"\1", visible(part.text)).strip()
        header = at + 1 < len(found) and _DELIMITER.match(found[at + 1].text)
        if not _NOT_SAID.match(text) and not header and not _REFUSED.match(text):
            yield Drafted(text, part.marks)


def _sentences_of(text: str, marks: tuple[int, ...]) -> Iterator[Drafted]:
    """What a JSON object calls one sentence may be several: each with its own marks where it has any."""
    found = parts(text)
    for drafted in _said(found, len(found)):
        yield Drafted(drafted.text, drafted.marks or marks)


def _word(sign: str) -> bool:
    return sign.isalnum() or sign == "_"


class _Objects:
    """The innermost objects of a JSON text as it comes in."""

    def __init__(self) -> None:
        self.closed = False
        self.fault = ""
        self.unread = ""
        """Why one of the sentences could not be read."""
        self._depth = 0
        self._string = self._escaped = False
        self._inner: list[str] = []
        self._outer: list[str] = []

    @property
    def begun(self) -> bool:
        return bool(self._outer)

    @property
    def answerable(self) -> bool | None:
        found = _ANSWERABLE.search("".join(self._outer))
        return None if found is None else found[1] == "true"

    def read(self, sign: str) -> list[tuple[str, tuple[int, ...]]]:
        """Text and marks of the object that ends with this sign."""
        self._step(sign)
        if self._depth > 1 or (self._depth == 1 and sign == "}" and not self._string):
            self._inner.append(sign)
        if self._depth <= 1:
            self._outer.append(sign)
        if len(self._inner) > 2 * _LONGEST_SENTENCE or len(self._outer) > 2 * _LONGEST_SENTENCE:
            self.fault = "a sentence too long"
        if sign != "}" or self._string or self._depth != 1:
            return []
        text, self._inner = "".join(self._inner), []
        return self._object(text)

    def _step(self, sign: str) -> None:
        if self._string:
            self._string = self._escaped or sign != '"'
            self._escaped = sign == "\\" and not self._escaped
        elif sign == '"':
            self._string = True
        elif sign == "{":
            self._depth += 1
        elif sign == "}":
            self._depth -= 1
            self.closed = self._depth <= 0

    def _object(self, text: str) -> list[tuple[str, tuple[int, ...]]]:
        try:
            loaded: object = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            loaded = None
        said = cast(dict[str, object], loaded) if isinstance(loaded, dict) else {}
        words = said.get("text")
        if not isinstance(words, str):
            self.unread = "a sentence that is no object with text and citations"
            return []
        return [(words[:_LONGEST_SENTENCE], _cited(said.get("citations")))]


def _cited(value: object) -> tuple[int, ...]:
    items = cast(list[object], value) if isinstance(value, list) else [value]
    found: list[int] = []
    for item in items[: 4 * MOST_MARKS]:
        if isinstance(item, str):
            found += [int(number) for number in re.findall(r"(?<!\d)\d{1,3}(?!\d)", item[:100], re.ASCII)]
        elif isinstance(item, (int, float)) and not isinstance(item, bool) and 0 <= item < 1000:
            found.append(int(item))
    return tuple(dict.fromkeys(found))[:MOST_MARKS]
