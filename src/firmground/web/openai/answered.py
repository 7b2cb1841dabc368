"""An answer as the protocol tells it: at once, or in chunks."""

import json
import re
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

from firmground.types import Answer
from firmground.web.openai.parameters import Fields
from firmground.web.problems import openai_error
from firmground.web.streams import Stream, one_line

WITHDRAWN = "\n\n[Withdrawn: what was said above does not hold.]\n\n"
_BEAT = 5.0
_MARK = re.compile(r"\[(\d+)\]")
_FINISH = {"blocked": "content_filter"}


def completion(answer: Answer, model: str, base: str) -> Fields:
    """The whole answer; `base` is the address of the server, for links."""
    message = {"role": "assistant", "content": text_of(answer), "refusal": None, "annotations": annotations(answer, base)}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(answer)}
    head = _head(answer.id, model, "chat.completion")
    return {**head, "choices": [choice], "usage": _usage(answer), "firmground": answer.model_dump(mode="json")}


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


class Chunks:
    """An answer in the making, as the chunks of one completion. With `usage` the last of them says what it took, and the others that
    they do not."""

    def __init__(self, stream: Stream, model: str, base: str, *, usage: bool) -> None:
        self._stream = stream
        self._base = base
        self._usage = usage
        self._head = _head(stream.id, model, "chat.completion.chunk") | ({"usage": None} if usage else {})

    async def frames(self) -> AsyncGenerator[str]:
        """Sentences as deltas. What was said cannot be unsaid in this protocol: when it is withdrawn, the text says so and goes on."""
        said = ""
        yield self._chunk({"role": "assistant", "content": ""})
        async with aclosing(self._stream.read(beat=_BEAT)) as events:
            async for told in events:
                if told is None:
                    yield ": still here\n\n"
                elif told.kind == "sentence":
                    piece = str(json.loads(told.data)["shown"])
                    said += piece
                    yield self._chunk({"content": piece})
                elif told.kind == "withdrawn":
                    yield self._chunk({"content": WITHDRAWN}, firmground={"withdrawn": True})
                    said = ""
        for frame in self._end(said):
            yield frame

    def _end(self, said: str) -> Iterator[str]:
        answer = self._stream.answer
        if answer is None:
            if self._stream.error is not None:
                yield _data(openai_error(self._stream.error))
            return
        text = text_of(answer)
        # What the answer rests on may have been erased while it was made.
        rest = text[len(said) :] if text.startswith(said) else f"{WITHDRAWN}{text}"
        last = {"content": rest, "annotations": annotations(answer, self._base)}
        yield self._chunk(last, finish=_finish(answer), firmground=answer.model_dump(mode="json"))
        if self._usage:
            yield _data({**self._head, "choices": [], "usage": _usage(answer)})
        yield "data: [DONE]\n\n"

    def _chunk(self, delta: Fields, *, finish: str | None = None, firmground: Fields | None = None) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return _data({**self._head, "choices": [choice], **({"firmground": firmground} if firmground else {})})


def _data(value: Fields) -> str:
    return f"data: {one_line(json.dumps(value, ensure_ascii=False))}\n\n"


def _head(id: str, model: str, kind: str) -> Fields:
    return {"id": f"chatcmpl-{id}", "object": kind, "created": int(time.time()), "model": model}


def _finish(answer: Answer) -> str:
    return _FINISH.get(answer.status, "stop")


def _usage(answer: Answer) -> Fields:
    used = answer.usage
    total = used.input_tokens + used.output_tokens
    return {"prompt_tokens": used.input_tokens, "completion_tokens": used.output_tokens, "total_tokens": total}
