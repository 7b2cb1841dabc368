"""The OpenAI protocol, so that any program that speaks it can ask: /v1/chat/completions, /v1/models, /v1/embeddings.

What a client says as `system` or `developer` never reaches a prompt: how answers are made is for the workspace to say, not for
whoever asks.
"""

import base64
import json
import re
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from typing import Any, NamedTuple, TypeAlias, cast

import numpy as np
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from firmground.app.app import App
from firmground.app.history import history
from firmground.app.releases import LIVE, digest_of
from firmground.errors import NotFound
from firmground.ports import Filters
from firmground.serve.conversation import estimated_tokens
from firmground.types import Answer
from firmground.web.problems import BadParameter, Malformed, openai_error
from firmground.web.streams import EventStream, Stream
from firmground.web.visit import TheVisit, Visit, unless_gone

MODELS = ("firmground", "firmground@candidate")
_OF_A_RELEASE = "firmground@"
USED = frozenset({"messages", "model", "stream", "stream_options", "firmground"})
IGNORED = frozenset(
    {
        "frequency_penalty",
        "max_completion_tokens",
        "max_tokens",
        "metadata",
        "moderation",
        "parallel_tool_calls",
        "prediction",
        "presence_penalty",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "reasoning_effort",
        "safety_identifier",
        "seed",
        "service_tier",
        "stop",
        "store",
        "temperature",
        "top_p",
        "user",
        "verbosity",
    }
)
"""They would change how a model speaks, which the workspace decides."""
REFUSED: Mapping[str, tuple[object, ...]] = {
    "n": (1,),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "tools": ([],),
    "tool_choice": ("none", "auto"),
    "functions": ([],),
    "function_call": ("none", "auto"),
    "response_format": ({"type": "text"},),
    "modalities": (["text"],),
    "audio": (),
    "web_search_options": (),
}
"""What cannot be had, and the values that do not ask for it; null never does."""
_MOST_TEXTS = 256
_MOST_CHARACTERS = 200_000
_BEAT = 5.0
_MARK = re.compile(r"\[(\d+)\]")
_SOON_SECONDS = 1.0
_FINISH = {"blocked": "content_filter"}
Fields: TypeAlias = dict[str, Any]

router = APIRouter(prefix="/v1", include_in_schema=False)


class Wanted(NamedTuple):
    """What a request for a completion comes to."""

    question: str
    said: list[tuple[str, str]]
    model: str
    stream: bool
    usage: bool
    conversation: str
    filters: Filters


@router.get("/models")
async def get_models() -> Response:
    """What can be asked."""
    return JSONResponse({"object": "list", "data": [_model(name) for name in MODELS]})


@router.get("/models/{name}")
async def get_model(name: str, visit: TheVisit) -> Response:
    """One of them, or `firmground@` with a digest or its beginning."""
    await _find(visit, name)
    return JSONResponse(_model(name))


@router.post("/chat/completions")
async def post_completion(request: Request, visit: TheVisit) -> Response:
    """Answer the last message of the user."""
    wanted = _wanted(await _fields(request))
    stream = await visit.ask(
        wanted.question,
        filters=wanted.filters,
        conversation=wanted.conversation,
        history=await visit.run(history, wanted.said),
        release=_reference(wanted.model),
        request_id=request.state.request_id,
    )
    base = visit.app.workspace.settings.serve.url or f"{request.url.scheme}://{request.url.netloc}"
    if wanted.stream:
        await stream.settled(_SOON_SECONDS)
        return EventStream(_chunks(stream, wanted, base))
    answer = await unless_gone(request, stream)
    text = text_of(answer)
    message = {"role": "assistant", "content": text, "refusal": None, "annotations": annotations(answer, base)}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _FINISH.get(answer.status, "stop")}
    head = _head(answer.id, wanted.model, "chat.completion")
    return JSONResponse({**head, "choices": [choice], "usage": _usage(answer), "firmground": answer.model_dump(mode="json")})


@router.post("/embeddings")
async def post_embeddings(request: Request, visit: TheVisit) -> Response:
    """Vectors of the embedder that documents are searched with."""
    fields = await _fields(request)
    texts, coded = _texts(fields)
    await _find(visit, fields.get("model"))
    vectors = await visit.run(_embedded, visit.app, texts)
    data = [
        {"object": "embedding", "index": place, "embedding": _base64(vector) if coded else [float(each) for each in vector]}
        for place, vector in enumerate(vectors)
    ]
    tokens = sum(map(estimated_tokens, texts))
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return JSONResponse({"object": "list", "data": data, "model": visit.app.embedder.id, "usage": usage})


def text_of(answer: Answer) -> str:
    """What the reader sees; readings to choose from as a list below it."""
    offered = [f"- {choice['text']}" for choice in answer.choices if choice["text"] not in answer.text]
    return "\n".join([answer.text, *offered])


def annotations(answer: Answer, base: str) -> list[Fields]:
    """A citation for each mark in the text, with the address of the passage."""
    cited = {citation.n: citation for citation in answer.citations}
    return [
        {
            "type": "url_citation",
            "url_citation": {
                "start_index": start,
                "end_index": end,
                "title": cited[n].title or cited[n].uri,
                "url": f"{base}/documents/{cited[n].document}?start={cited[n].locator.start}&end={cited[n].locator.end}#quote",
            },
        }
        for n, start, end in _marks(answer)
        if n in cited
    ]


def _marks(answer: Answer) -> Iterator[tuple[int, int, int]]:
    """Number, start and end of each mark; not what looks like one within a sentence."""
    begins, place = list[tuple[int, int]](), 0
    for sentence in answer.sentences:
        start = answer.text.find(sentence.text, place)
        if start < 0:
            return
        place = start + len(sentence.text)
        begins.append((start, place))
    ends = [start for start, _ in begins[1:]] + [len(answer.text)]
    for (_, begin), end in zip(begins, ends, strict=False):
        for mark in _MARK.finditer(answer.text, begin, end):
            yield int(mark[1]), mark.start(), mark.end()


# ---------------------------------------------------------------- streaming


async def _chunks(stream: Stream, wanted: Wanted, base: str) -> AsyncGenerator[str]:
    """Sentences as deltas. What was said cannot be unsaid in this protocol: when it is withdrawn, the text says so and goes on."""
    head = _head(stream.id, wanted.model, "chat.completion.chunk")
    said = ""
    yield _chunk(head, {"role": "assistant", "content": ""})
    async with aclosing(stream.read(beat=_BEAT)) as events:
        async for told in events:
            if told is None:
                yield ": still here\n\n"
            elif told.kind == "sentence":
                piece = str(json.loads(told.data)["shown"])
                said += piece
                yield _chunk(head, {"content": piece})
            elif told.kind == "withdrawn":
                yield _chunk(head, {"content": "\n\n[Withdrawn: what was said above does not hold.]\n\n"}, withdrawn=True)
                said = ""
    if stream.answer is None:
        if stream.error is not None:
            yield _data(openai_error(stream.error))
        return
    answer = stream.answer
    text = text_of(answer)
    rest = text[len(said) :] if text.startswith(said) else f"\n\n{text}"
    last = {"content": rest, "annotations": annotations(answer, base)}
    yield _chunk(head, last, finish=_FINISH.get(answer.status, "stop"), firmground=answer.model_dump(mode="json"))
    if wanted.usage:
        yield _data({**head, "choices": [], "usage": _usage(answer)})
    yield "data: [DONE]\n\n"


def _chunk(
    head: Fields, delta: Fields, *, finish: str | None = None, withdrawn: bool = False, firmground: Fields | None = None
) -> str:
    more: Fields = {"withdrawn": True} if withdrawn else firmground or {}
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return _data({**head, "choices": [choice], **({"firmground": more} if more else {})})


def _data(value: Fields) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"


def _head(id: str, model: str, kind: str) -> Fields:
    return {"id": f"chatcmpl-{id}", "object": kind, "created": int(time.time()), "model": model}


def _usage(answer: Answer) -> Fields:
    used = answer.usage
    total = used.input_tokens + used.output_tokens
    return {"prompt_tokens": used.input_tokens, "completion_tokens": used.output_tokens, "total_tokens": total}


def _model(name: str) -> Fields:
    return {"id": name, "object": "model", "created": 0, "owned_by": "firmground"}


def _known(name: object) -> str:
    if not isinstance(name, str) or not (name == MODELS[0] or name.startswith(_OF_A_RELEASE)):
        raise NotFound(f"there is no model {name!r}"[:200], f"use one of {', '.join(MODELS)}")
    return name


def _reference(model: str) -> str:
    """The release that a model's name asks for."""
    return LIVE if model == MODELS[0] else model.removeprefix(_OF_A_RELEASE)


async def _find(visit: Visit, name: object) -> None:
    """NotFound where there is no such model."""
    reference = _reference(_known(name))
    await visit.opened()
    await visit.run(digest_of, visit.app, reference)


# ---------------------------------------------------------------- reading requests


async def _fields(request: Request) -> Fields:
    try:
        fields = json.loads((await request.body()).decode("utf-8"))
    except (ValueError, RecursionError):
        raise Malformed("the body is not JSON", "send one JSON object, as UTF-8") from None
    if not isinstance(fields, dict):
        raise Malformed("the body is no JSON object", "send one JSON object, as UTF-8")
    return cast("Fields", fields)


def _wanted(fields: Fields) -> Wanted:
    for name, value in fields.items():
        if value is None or name in USED or name in IGNORED:
            continue
        if name not in REFUSED:
            raise BadParameter(name[:100], f"there is no parameter {name[:100]!r}", "leave it out")
        if value not in REFUSED[name]:
            raise BadParameter(name, f"{name} cannot be had here", "leave it out")
    model = _known(fields.get("model"))
    said, question = _conversation(fields.get("messages"))
    options = _object(fields, "stream_options")
    ours = _object(fields, "firmground")
    if unknown := sorted(ours.keys() - {"conversation", "filters"}):
        raise BadParameter(
            f"firmground.{unknown[0]}", f"there is no parameter firmground.{unknown[0]}", "use conversation or filters"
        )
    conversation = ours.get("conversation") or ""
    if not isinstance(conversation, str):
        raise BadParameter("firmground.conversation", "the conversation is no text", "send the id that an answer had")
    return Wanted(
        question=question,
        said=[] if conversation else said,
        model=model,
        stream=fields.get("stream") is True,
        usage=options.get("include_usage") is True,
        conversation=_text(conversation, "firmground.conversation"),
        filters=checked_filters(_object(ours, "filters")),
    )


def checked_filters(given: Fields) -> Filters:
    """As POST /api/v1/answers takes them."""
    from pydantic import TypeAdapter, ValidationError

    from firmground.web.api.shapes import Filters as Shape
    from firmground.web.api.shapes import plain_filters

    try:
        return plain_filters(TypeAdapter[Shape](Shape).validate_python(given))
    except ValidationError:
        raise BadParameter("firmground.filters", "the filters cannot be used", "give values, lists or from and to") from None


def _object(fields: Fields, name: str) -> Fields:
    value: object = fields.get(name) or {}
    if not isinstance(value, dict):
        raise BadParameter(name, f"{name} is no object", "send an object, or leave it out")
    return cast("Fields", value)


def _conversation(messages: object) -> tuple[list[tuple[str, str]], str]:
    """Earlier questions with their answers, and the question."""
    if not isinstance(messages, list) or not messages:
        raise BadParameter("messages", "there are no messages", "send a list with the question as the last message of the user")
    said: list[tuple[str, str]] = []
    for place, message in enumerate(cast("list[object]", messages)):
        role, text = _message(message, f"messages[{place}]")
        if role == "user":
            said.append((text, ""))
        elif role == "assistant" and said:
            question, before = said[-1]
            said[-1] = (question, f"{before}\n{text}".strip())
    if not said or said[-1][1]:
        raise BadParameter("messages", "the last message is not the user's", "end with the question")
    return said[:-1], said[-1][0]


def _message(message: object, place: str) -> tuple[str, str]:
    if not isinstance(message, dict):
        raise BadParameter(place, "a message is no object", "send role and content")
    fields = cast("Fields", message)
    role, content = fields.get("role"), fields.get("content")
    if role not in ("system", "developer", "user", "assistant"):
        raise BadParameter(
            f"{place}.role", "this role cannot be used here", "use user and assistant; system and developer are ignored"
        )
    if role in ("system", "developer"):
        return role, ""
    if isinstance(content, list):
        content = "\n".join(_part(part, place) for part in cast("list[object]", content))
    if content is None and role == "assistant":
        content = ""
    if not isinstance(content, str):
        raise BadParameter(f"{place}.content", "the content of a message is no text", "send text")
    return role, _text(content, f"{place}.content")


def _part(part: object, place: str) -> str:
    fields = cast("Fields", part) if isinstance(part, dict) else {}
    text = fields.get("text", fields.get("refusal"))
    if fields.get("type") not in ("text", "refusal") or not isinstance(text, str):
        raise BadParameter(f"{place}.content", "only text can be asked", "send parts of type text")
    return text


def _text(text: str, place: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise BadParameter(place, "it is not Unicode text", "send it as UTF-8") from None
    if "\0" in text:
        raise BadParameter(place, "it holds a NUL character", "leave it out")
    return text


# ---------------------------------------------------------------- embeddings


def _texts(fields: Fields) -> tuple[list[str], bool]:
    given = fields.get("input")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts or not all(isinstance(each, str) for each in cast("list[object]", texts)):
        raise BadParameter("input", "the input is no text and no list of texts", "send text; tokens cannot be read")
    checked = [_text(each, "input") for each in cast("list[str]", texts)]
    if len(checked) > _MOST_TEXTS or sum(map(len, checked)) > _MOST_CHARACTERS:
        raise BadParameter(
            "input", "that is too much at once", f"send at most {_MOST_TEXTS} texts of {_MOST_CHARACTERS} characters in all"
        )
    if unknown := sorted(fields.keys() - {"input", "model", "encoding_format", "user", "dimensions"}):
        raise BadParameter(unknown[0][:100], f"there is no parameter {unknown[0][:100]!r}", "leave it out")
    if fields.get("dimensions") is not None:
        raise BadParameter("dimensions", "the embedder has the dimension it has", "leave dimensions out")
    coding = fields.get("encoding_format") or "float"
    if coding not in ("float", "base64"):
        raise BadParameter("encoding_format", "there is no such encoding", "use float or base64")
    return checked, coding == "base64"


def _embedded(app: App, texts: list[str]) -> Any:
    return app.embedder.embed(texts)


def _base64(vector: Any) -> str:
    return base64.b64encode(np.asarray(vector, dtype="<f4").tobytes()).decode()
