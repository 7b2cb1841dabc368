"""What the scripted model server says: replies, and the answer that it finds by itself in the prompt."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Literal, NamedTuple, TypeAlias, cast

import yaml
from pydantic import Field, ValidationError

from firmground.answer.generate import NO_ANSWER
from firmground.errors import InvalidInput
from firmground.language.sentences import sentences
from firmground.language.terms import terms
from firmground.language.words import ASKING, STOP_WORDS
from firmground.types import Json, Value

Lie: TypeAlias = Literal["no_citation", "unknown_citation", "wrong_citation", "wrong_number", "prompt_leak"]
Place: TypeAlias = int | Literal["before_headers", "after_headers"]
"""A number counts bytes of the body."""

_PASSAGE = re.compile(r'<passage\b[^>]*\bn="(\d+)"[^>]*>(.*?)</passage[^>]*>', re.DOTALL)
_SENTENCE = re.compile(r"<sentence[^>]*>(.*?)</sentence[^>]*>", re.DOTALL)
_QUESTION = re.compile(r"<question[^>]*>(.*?)</question[^>]*>", re.DOTALL)
_SAY = re.compile(r'\bsay\b[^"\n]{0,40}"([^"\n]+)"', re.IGNORECASE)
_PRINT = re.compile(r"\b(?:print|show|repeat)\b[^.\n]{0,40}\b(?:prompt|instructions)\b", re.IGNORECASE)
_MOST_LINES = 4
_EMPTY = frozenset(ASKING.split()).union(*STOP_WORDS.values())
_PIECES = {
    "token": re.compile(r"\s*\w{1,6}|\s*\W", re.DOTALL),
    "character": re.compile(".", re.DOTALL),
    "whole": re.compile(".+", re.DOTALL),
}


class Reply(Value):
    """One answer of the server. Without `say` and `json_text` it is true to the prompt: the sentences of the passages that share most
    words with the question, each with its mark, in the form that was asked for; or that they do not answer. As a judge of a `<sentence>` it
    says `supported` where the passages have all of its words."""

    when: str = ""
    """Only for requests with this in their messages."""
    times: int | None = Field(default=None, ge=1)
    """How often it is given: always where it has a `when`, once otherwise."""
    say: str | None = None
    json_text: Json = None
    """Said as JSON."""
    lie: Lie | None = None
    obeys: bool = False
    """It does what any text in its messages tells it: `say "…"`, each as a sentence that cites passage 1, or to print its
    prompt, as far as there is room."""
    refusal: str = ""
    """Said as a refusal of the model, instead of text."""
    reasoning: str = ""
    """Thought aloud before."""
    finish: str = "stop"
    endless: bool = False
    """It never comes to an end, and repeats itself."""

    pieces: Literal["token", "character", "whole"] = "token"
    first_delay: float = Field(default=0.0, ge=0)
    """Seconds before the first piece."""
    delay: float = Field(default=0.0, ge=0)
    """Seconds before each further piece."""

    status: int = Field(default=200, ge=200, le=599)
    message: str = ""
    """Of an error."""
    retry_after: str = ""
    body: str | None = None
    """Sent instead of any answer, as it is."""
    content_type: str = ""
    invalid_json: bool = False
    """The second event is cut in its middle."""
    error_event: int | None = None
    """After the first piece comes an error with this status, as an event."""
    usage: bool = True
    """Whether it says how many tokens it took."""
    done: bool = True
    """Whether it ends the stream as the protocol demands."""
    hang: Place | None = None
    """There it stops and sends nothing more, until the client or the server leaves."""
    cut: Place | None = None
    """There it closes the connection."""
    refuses: tuple[str, ...] = ()
    """Names of parameters: a request that has one gets status 400, which says so."""
    keep_speaking: bool = False
    """Whether it goes on after the client has left."""


class Script:
    """Replies in order: the first that fits the request and is not used up, `default` when there is none. Thread-safe."""

    def __init__(self, replies: Sequence[Reply] = (), default: Reply | None = None) -> None:
        self._left = [(reply, reply.times or (None if reply.when else 1)) for reply in replies]
        self._default = default or Reply()
        self._lock = Lock()

    def add(self, *replies: Reply) -> None:
        """To be given after those that are there."""
        with self._lock:
            self._left += Script(replies)._left

    def reply(self, body: dict[str, Any]) -> Reply:
        prompt = prompt_of(body)
        with self._lock:
            for at, (reply, left) in enumerate(self._left):
                if reply.when in prompt:
                    if left == 1:
                        del self._left[at]
                    elif left is not None:
                        self._left[at] = (reply, left - 1)
                    return reply
        return self._default


def read_script(path: Path) -> Script:
    """A YAML file: `replies` is a list of replies, `default` one reply; the keys are the fields of `Reply`."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
        script = _ScriptFile.model_validate(found or {})
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"the script {path} cannot be read ({error})", "check its path and that it is UTF-8") from None
    except yaml.YAMLError as error:
        raise InvalidInput(f"the script {path} is not YAML ({error})", "mend that line") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "it"
        raise InvalidInput(f"{where} in the script {path} cannot be used", str(first["msg"])) from None
    return Script(script.replies, script.default)


class _ScriptFile(Value):
    replies: tuple[Reply, ...] = ()
    default: Reply = Reply()


class Found(NamedTuple):
    """A sentence and the passage that has it."""

    text: str
    n: int


def prompt_of(body: dict[str, Any]) -> str:
    """The text of all messages of a request."""
    messages = cast("list[dict[str, Any]]", body.get("messages") or [])
    return "\n\n".join(str(message.get("content") or "") for message in messages)


def spoken(reply: Reply, body: dict[str, Any]) -> str:
    """What the reply says to this request."""
    if reply.json_text is not None:
        return _json(reply.json_text)
    if reply.obeys and (orders := _orders(body)):
        return _in_form([(text, (1,)) for text in orders], body)
    return _honest(reply.lie, body) if reply.say is None else reply.say


def _orders(body: dict[str, Any]) -> list[str]:
    """What it is told to say, in the order of its messages."""
    prompt = prompt_of(body)
    system = [line.strip("- ") for line in prompt_of({"messages": body["messages"][:1]}).splitlines() if line]
    return [*_SAY.findall(prompt), *(system[:_MOST_LINES] if _PRINT.search(prompt) else ())]


def _honest(lie: Lie | None, body: dict[str, Any]) -> str:
    prompt = prompt_of(body)
    schema = _schema(body)
    passages, question, judged = _passages(prompt), _question(prompt), _SENTENCE.findall(prompt)
    if judged and not _QUESTION.search(prompt):
        return _json(_verdict(judged[-1], passages))
    if schema and "sentences" not in schema.get("properties", {}):
        return _json(_instance(schema, question))
    if not passages and not schema:
        return question
    system = prompt_of({"messages": body["messages"][:1]})
    return _in_form(_told(answering(question, passages), lie, passages, system), body)


def _in_form(drafts: Sequence[tuple[str, tuple[int, ...]]], body: dict[str, Any]) -> str:
    """Sentences with their marks, in the form that was asked for; bare where no passages were given to cite."""
    if _schema(body):
        said: list[Json] = [{"text": text, "citations": list(marks)} for text, marks in drafts]
        return _json({"answerable": bool(drafts), "sentences": said})
    marked = bool(_passages(prompt_of(body)))
    return " ".join(_marked(text, marks if marked else ()) for text, marks in drafts) or NO_ANSWER


def answering(question: str, passages: Sequence[tuple[int, str]], most: int = 2) -> list[Found]:
    """The sentences that share most words with the question, best first, of equal ones those with rarer words; none where nothing is
    shared. A second sentence has to share as many.

    Words count by their first five letters, the small words and question words of any language not at all.
    """
    asked = _stems(question)
    candidates = [
        (Found(" ".join(text[start:end].split()), n), _stems(text[start:end]) & asked)
        for n, text in passages
        for start, end in sentences(text)
        if not text[start:end].startswith("#")
    ]
    known = Counter(stem for _, shared in candidates for stem in shared)
    best = max((len(shared) for _, shared in candidates), default=0)
    good = [each for each in candidates if len(each[1]) == best > 0]
    good.sort(key=lambda each: -sum(1 / known[stem] for stem in each[1]))
    return [found for found, _ in good[:most]]


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


def _verdict(sentence: str, passages: Sequence[tuple[int, str]]) -> dict[str, Json]:
    """A judge's, on a sentence: supported if the passages have all of its words."""
    missing = _stems(sentence) - _stems(" ".join(text for _, text in passages))
    if missing:
        return {"verdict": "unsupported", "why": f"the passages do not say: {', '.join(sorted(missing))}"}
    return {"verdict": "supported", "why": "the passages have all of its words"}


def pieces(text: str, reply: Reply) -> Iterator[str]:
    """The text as it is sent; without end where the reply is endless."""
    cut = _PIECES[reply.pieces].findall(text)
    yield from cut
    while reply.endless:
        yield from cut or ["…"]


def tokens_of(text: str) -> int:
    return len(_PIECES["token"].findall(text))


def _schema(body: dict[str, Any]) -> dict[str, Any]:
    """The JSON schema that is asked for; empty where none is."""
    asked = cast("dict[str, Any]", body.get("response_format") or {})
    return cast("dict[str, Any]", asked.get("json_schema", {}).get("schema") or {})


def _passages(prompt: str) -> list[tuple[int, str]]:
    return [(int(n), text.strip()) for n, text in _PASSAGE.findall(prompt)]


def _question(prompt: str) -> str:
    asked = _QUESTION.findall(prompt)
    return asked[-1].strip() if asked else prompt.rpartition("\n\n")[2].strip()


def _stems(text: str) -> set[str]:
    return {word[:5] for word in terms(text, "") if len(word) > 1 and word not in _EMPTY}


def _told(
    found: Sequence[Found], lie: Lie | None, passages: Sequence[tuple[int, str]], system: str
) -> list[tuple[str, tuple[int, ...]]]:
    """Sentences and their marks, with the lie in them."""
    highest = max((n for n, _ in passages), default=0)
    if lie == "prompt_leak":
        return [(" ".join(system.split()), (1,))]
    if lie == "no_citation":
        return [(each.text, ()) for each in found]
    if lie == "unknown_citation":
        return [(each.text, (highest + 7,)) for each in found]
    if lie == "wrong_citation":
        return [(each.text, (each.n % highest + 1,)) for each in found]
    if lie == "wrong_number":
        return [(re.sub(r"\d", lambda digit: str((int(digit[0]) + 1) % 10), each.text), (each.n,)) for each in found]
    return [(each.text, (each.n,)) for each in found]


def _marked(text: str, marks: Sequence[int]) -> str:
    """Marks stand before the full stop."""
    body = text.rstrip(".!?")
    return body + ("".join(f" [{n}]" for n in marks)) + (text[len(body) :] or ".")


def _instance(schema: dict[str, Any], question: str) -> Json:
    """Something of the form that another schema asks for: the first of its choices, the question as text."""
    if choices := cast("list[Json]", schema.get("enum")):
        return choices[0]
    kind = schema.get("type")
    if kind == "object":
        inner = cast("dict[str, dict[str, Any]]", schema.get("properties") or {})
        return {key: _instance(each, question) for key, each in inner.items()}
    plain: dict[str, Json] = {"string": question, "boolean": True, "integer": 1, "number": 1.0, "array": []}
    return plain.get(kind) if isinstance(kind, str) else None
