"""Server-sent events, in whatever pieces they arrive."""

import json
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmground.models.openai_events import Nonsense, Saying, ServerSays

KEYS = ["choices", "delta", "message", "content", "usage", "error", "text", "type", "finish_reason"]


def event(delta: dict[str, object], **more: object) -> bytes:
    return b"data: " + json.dumps({"choices": [{"index": 0, "delta": delta, **more}]}).encode() + b"\n\n"


STREAM = (
    b": ping\r\n\r\nevent: message\r\nid: 1\r\n"
    + event({"role": "assistant", "content": ""})
    + event({"content": "Größe: "})
    + event({"content": "5 \ud83e"})
    + event({"content": "\uddd7\x00."})
    + event({"reasoning_content": "hm", "content": None})
    + event({}, finish_reason="length")
    + b'data: {"choices": [],\ndata: "usage": {"prompt_tokens": 7, "completion_tokens": 3}}\r\n\r\n'
    + b"data: [DONE]\n\n"
    + b"data: after the end"
)


def read(saying: Saying, *pieces: bytes) -> str:
    return "".join(text for piece in pieces for text in saying.feed(piece)) + "".join(saying.close())


@given(st.lists(st.integers(0, len(STREAM)), max_size=30))
def test_the_same_is_said_however_it_is_cut(places):
    cuts = [0, *sorted(places), len(STREAM)]
    saying = Saying()
    assert read(saying, *(STREAM[start:end] for start, end in pairwise(cuts))) == "Größe: 5 🧗."
    assert (saying.input, saying.output, saying.finish, saying.ended, saying.unsaid) == (7, 3, "length", True, 2)


@given(st.binary(max_size=200), st.booleans())
def test_whatever_arrives_it_is_text_or_nonsense(received, whole):
    said = ""
    with suppress(Nonsense, ServerSays):
        said = read(Saying(whole=whole), received)
    assert said.encode().decode() == said


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["choices", "delta", "message", "content", "usage", "error", "text", "type", "finish_reason"]),
                inner,
            )
        ),
        max_leaves=12,
    ),
    st.booleans(),
)
def test_whatever_json_arrives_it_is_text_or_nonsense(value, whole):
    content = json.dumps(value).encode()
    said = ""
    with suppress(Nonsense, ServerSays):
        said = read(Saying(whole=whole), content if whole else b"data: " + content + b"\n\n")
    assert said.encode().decode() == said


def test_parts_of_content_are_put_together_without_thoughts():
    parts = [{"type": "thinking", "thinking": "x"}, {"type": "text", "text": "Yes"}, {"type": "text", "text": "."}, 3]
    assert read(Saying(), event({"content": parts})) == "Yes."


def test_half_a_sign_never_becomes_text():
    assert read(Saying(), event({"content": "a\udc00b"}), event({"content": "c\ud800"})) == "a\ufffdbc"


@pytest.mark.parametrize("usage", [None, 3, {}, {"prompt_tokens": -1, "completion_tokens": True}, {"prompt_tokens": "7"}])
def test_an_odd_count_of_tokens_is_estimated(usage):
    saying = Saying()
    read(saying, b"data: " + json.dumps({"choices": [], "usage": usage}).encode() + b"\n\n")
    assert saying.tokens(11, 12).model_dump() == {"input": 11, "output": 12, "estimated": True}


@pytest.mark.parametrize(
    ("error", "status"),
    [({"message": "m", "code": 429}, 429), ({"code": "x", "status": 400}, 400), ("broken", 500), ({"type": "t"}, 500)],
)
def test_a_reported_error_keeps_its_status(error, status):
    with pytest.raises(ServerSays) as caught:
        read(Saying(), b"data: " + json.dumps({"error": error}).encode() + b"\n\n")
    assert caught.value.status == status
