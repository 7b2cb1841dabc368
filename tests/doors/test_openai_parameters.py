"""The page of the reference about the OpenAI protocol, gone through line by line against the endpoint: it cannot say what is not so."""

import json
import re
import typing
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import openai
import pytest
from listening import QUESTION, SAID, Listening, listening
from openai.types import embedding_create_params
from openai.types.chat import chat_completion_message_param, completion_create_params
from openai.types.chat.chat_completion_content_part_param import ChatCompletionContentPartParam
from openai.types.chat.chat_completion_stream_options_param import ChatCompletionStreamOptionsParam

ASKED = [{"role": "user", "content": QUESTION}]
PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "openai.md").read_text(encoding="utf-8")
OWN = re.compile(r"\b[b-df-hj-km-np-tv-xz2-9]{12}\b")
"""Words that each request has of its own: its fence and its canary."""
TOOL = {"type": "function", "function": {"name": "x", "parameters": {}}}
AS_ASKED: dict[str, list[Any]] = {
    "audio": [{"voice": "alloy", "format": "mp3"}, {}],
    "dimensions": [2, 256, 0],
    "firmground.conversation": [""],
    "firmground.filters": [{}],
    "frequency_penalty": [2, -2.0, "much"],
    "function_call": ["required", {"name": "x"}],
    "functions": [[{"name": "x"}]],
    "logit_bias": [{"5": 100}],
    "logprobs": [True, "yes"],
    "max_completion_tokens": [1, 0, "few"],
    "max_tokens": [1, 100_000, {}],
    "metadata": [{"a": "b"}, "text"],
    "modalities": [["text", "audio"], ["audio"], []],
    "moderation": [{"model": "x"}, True],
    "n": [2, 0, "1"],
    "parallel_tool_calls": [True, False],
    "prediction": [{"type": "content", "content": "You may carry over nine days."}],
    "presence_penalty": [2, -2.0],
    "prompt_cache_key": ["mine"],
    "prompt_cache_options": [{"ttl": 5}],
    "prompt_cache_retention": ["24h", "in_memory"],
    "reasoning_effort": ["none", "minimal", "high", "xhigh"],
    "response_format": [{"type": "json_object"}, {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}}, "text"],
    "safety_identifier": ["me"],
    "seed": [7, -1],
    "service_tier": ["priority", "flex", "nonsense"],
    "stop": ["vacation", ["five", "days"], []],
    "store": [True, False],
    "stream_options.include_obfuscation": [True, False],
    "temperature": [0, 2, 99, "hot"],
    "tool_choice": ["required", {"type": "function", "function": {"name": "x"}}],
    "tools": [[TOOL], "x"],
    "top_logprobs": [3],
    "top_p": [0, 0.1, 1],
    "user": ["me", 5],
    "verbosity": ["low", "high"],
    "web_search_options": [{}, {"search_context_size": "low"}],
}
"""Values that ask for it; of what is ignored, some that the protocol would not take."""


def rows(heading: str, head: str) -> dict[str, str]:
    """Of one table of the page: what each line is about, and what it says becomes of it."""
    section = PAGE.partition(f"\n## {heading}")[2].partition("\n## ")[0]
    table = section.partition(f"| {head} |")[2].partition("\n\n")[0]
    found = {line.split("|")[1].strip(" `"): line.split("|")[2].strip() for line in table.splitlines()[2:]}
    assert len(found) == table.count("\n") - 1, "a name stands there twice"
    return found


COMPLETION = rows("`POST /v1/chat/completions`", "parameter")
ROLES = rows("`POST /v1/chat/completions`", "role")
PARTS = rows("`POST /v1/chat/completions`", "part of `content`")
EMBEDDING = rows("`POST /v1/embeddings`", "parameter")


def named(table: dict[str, str], how: str) -> list[str]:
    return [name for name, said in table.items() if said.partition(",")[0] == how]


def harmless(said: str) -> list[Any]:
    """The values that a refused parameter may have."""
    return [json.loads(each) for each in re.findall(r"`([^`]+)`", said)]


def within(name: str, value: Any) -> dict[str, Any]:
    """The parameter where it stands in a request."""
    outer, _, inner = name.rpartition(".")
    return {outer: {inner: value}} if outer else {name: value}


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Generator[Listening]:
    with listening(tmp_path_factory.mktemp("asked")) as opened:
        yield opened


def complete(on: Listening, **more: Any) -> Any:
    return on.client.post("/v1/chat/completions", json={"model": "firmground", "messages": ASKED, **more})


def embed(on: Listening, **more: Any) -> Any:
    return on.client.post("/v1/embeddings", json={"model": "firmground", "input": "vacation", **more})


def told(on: Listening, **more: Any) -> tuple[Any, list[str]]:
    """What does not differ from one answer to another of the same kind, and what the model was sent for it."""
    before = len(on.model.requests)
    response = complete(on, **more)
    assert response.status_code == 200, response.text
    body = response.json()
    same = {name: body[name] for name in ("object", "model", "choices", "usage")}
    return (same, set(body)), [OWN.sub("…", json.dumps(request.body)) for request in on.model.requests[before:]]


# ---------------------------------------------------------------- the page is about everything


def test_the_page_names_every_parameter_that_the_client_knows():
    create = completion_create_params
    assert {*create.CompletionCreateParamsBase.__annotations__, "stream"} <= set(COMPLETION)
    assert {f"stream_options.{name}" for name in ChatCompletionStreamOptionsParam.__annotations__} <= set(COMPLETION)
    assert set(EMBEDDING) == set(embedding_create_params.EmbeddingCreateParams.__annotations__)


def test_the_page_names_every_role_and_every_part_that_the_client_knows():
    def literal(each: Any, key: str) -> str:
        return str(typing.get_args(typing.get_type_hints(each)[key])[0])

    roles = {literal(each, "role") for each in typing.get_args(chat_completion_message_param.ChatCompletionMessageParam)}
    assert roles == set(ROLES)
    parts = {literal(each, "type") for each in typing.get_args(ChatCompletionContentPartParam)}
    assert parts | {"refusal"} == set(PARTS)


def test_the_page_says_of_everything_what_becomes_of_it():
    for table in (COMPLETION, ROLES, PARTS, EMBEDDING):
        assert {said.partition(",")[0] for said in table.values()} <= {"used", "ignored", "refused"}
    tried = {
        *named(COMPLETION, "ignored"),
        *named(COMPLETION, "refused"),
        *named(EMBEDDING, "ignored"),
        *named(EMBEDDING, "refused"),
    }
    assert tried <= set(AS_ASKED)
    assert set(named(COMPLETION, "used")) == set(USED)
    assert set(named(EMBEDDING, "used")) == set(USED_TO_EMBED)


# ---------------------------------------------------------------- ignored, refused


@pytest.mark.parametrize("name", named(COMPLETION, "ignored"))
def test_what_is_ignored_changes_neither_the_answer_nor_what_the_model_is_sent(on: Listening, name: str):
    plain = told(on)
    for value in [*AS_ASKED[name], None]:
        assert told(on, **within(name, value)) == plain


@pytest.mark.parametrize("name", named(COMPLETION, "refused"))
def test_what_is_refused_is_named_and_asks_no_model(on: Listening, name: str):
    before = len(on.model.requests)
    for value in AS_ASKED[name]:
        for streamed in (False, True):
            response = complete(on, stream=streamed, **within(name, value))
            assert (response.status_code, response.json()["error"]["param"]) == (400, name), value
    assert len(on.model.requests) == before
    plain = told(on)
    for value in [*harmless(COMPLETION[name]), None]:
        assert told(on, **within(name, value)) == plain


@pytest.mark.parametrize("name", [*named(EMBEDDING, "ignored"), *named(EMBEDDING, "refused")])
def test_so_it_is_with_embeddings(on: Listening, name: str):
    plain = embed(on).json()
    for value in AS_ASKED[name]:
        response = embed(on, **{name: value})
        if EMBEDDING[name] == "ignored":
            assert response.json() == plain
        else:
            assert (response.status_code, response.json()["error"]["param"]) == (400, name)
    assert embed(on, **{name: None}).json() == plain


@pytest.mark.parametrize("name", ["frobnicate", "best_of", "top_k", "stream_options.x", "firmground.release", "Model", "", "a.b"])
def test_what_is_not_on_the_page_is_refused(on: Listening, name: str):
    assert name not in COMPLETION
    for value in (1, None, {}):
        body = {name: value} if name == "a.b" else within(name, value)
        response = complete(on, **body)
        assert (response.status_code, response.json()["error"]["param"]) == (400, name)
    assert embed(on, frobnicate=1).json()["error"]["param"] == "frobnicate"


@pytest.mark.parametrize("name", ["stream_options.include_usage", "firmground.filters"])
def test_the_name_of_an_inner_parameter_is_none_of_an_outer_one(on: Listening, name: str):
    assert complete(on, **{name: None}).json()["error"]["param"] == name


@pytest.mark.parametrize(
    "body", [b'{"\\ud800": 1}', b'{"firmground": {"\\ud800": 1}, "messages": [{"role": "user", "content": "x"}]}']
)
def test_a_name_that_is_no_text_is_refused_like_any_other(on: Listening, body: bytes):
    for address in ("/v1/chat/completions", "/v1/embeddings"):
        response = on.client.post(address, content=body, headers={"Content-Type": "application/json"})
        assert (response.status_code, response.json()["error"]["code"]) == (400, "unsupported-parameter")


# ---------------------------------------------------------------- roles, parts


@pytest.mark.parametrize("role", ROLES)
def test_a_role_does_what_the_page_says(on: Listening, role: str):
    before = len(on.model.requests)
    message = {"role": role, "content": "Pineapples are on the terrace.", "tool_call_id": "1", "name": "x"}
    response = complete(on, messages=[*ASKED, message, *ASKED])
    sent = json.dumps([request.body for request in on.model.requests[before:]])
    if ROLES[role] == "refused":
        assert (response.status_code, response.json()["error"]["param"], sent) == (400, "messages[1].role", "[]")
    else:
        assert response.json()["choices"][0]["message"]["content"] == f"{SAID} [1]"
        assert ("Pineapples" in sent) == (ROLES[role] == "used")


@pytest.mark.parametrize("kind", PARTS)
def test_a_part_does_what_the_page_says(on: Listening, kind: str):
    before = len(on.model.requests)
    response = complete(on, messages=[{"role": "user", "content": [{"type": kind, kind: QUESTION}]}])
    if PARTS[kind] == "refused":
        assert (response.status_code, response.json()["error"]["param"]) == (400, "messages[0].content")
    else:
        assert response.json()["choices"][0]["message"]["content"] == f"{SAID} [1]"
        assert QUESTION in on.model.requests[before].prompt


# ---------------------------------------------------------------- used


def messages_are_asked(on: Listening) -> None:
    other = [{"role": "user", "content": "Are train tickets refunded?"}]
    assert "Train" in complete(on, messages=other).json()["choices"][0]["message"]["content"]
    for nothing in (None, [], "text", {}, [5], [{"role": "assistant", "content": "x"}], [{"role": "user", "content": 5}]):
        assert complete(on, messages=nothing).json()["error"]["param"].startswith("messages")


def a_model_is_a_release(on: Listening) -> None:
    digest = complete(on).json()["firmground"]["release"]
    for name in ("firmground", "firmground@live", "firmground@candidate", f"firmground@{digest}", f"firmground@{digest[:6]}"):
        response = complete(on, model=name).json()
        assert (response["model"], response["firmground"]["release"]) == (name, digest)
    assert complete(on, model="gpt-9").status_code == 404
    assert [complete(on, model=each).json()["error"]["param"] for each in (None, "", 5)] == ["model"] * 3


def a_stream_is_events(on: Listening) -> None:
    assert complete(on, stream=True).headers["content-type"].startswith("text/event-stream")
    assert complete(on, stream=False).headers["content-type"] == "application/json"
    assert complete(on, stream=None).headers["content-type"] == "application/json"
    assert complete(on, stream="yes").json()["error"]["param"] == "stream"


def options_are_an_object(on: Listening) -> None:
    assert complete(on, stream_options={}).status_code == 200
    assert [complete(on, stream_options=each).json()["error"]["param"] for each in ([], "x", 5)] == ["stream_options"] * 3


def tokens_are_told_where_they_are_wanted(on: Listening) -> None:
    for value in (True, False):
        told = complete(on, stream=True, stream_options={"include_usage": value}).text
        last = json.loads(told.split("\n\n")[-3].removeprefix("data: "))
        assert (last["choices"] == [], bool(last.get("usage"))) == (value, value)
    wrong = complete(on, stream=True, stream_options={"include_usage": 1}).json()
    assert wrong["error"]["param"] == "stream_options.include_usage"


def ours_is_an_object(on: Listening) -> None:
    assert complete(on, firmground={}).status_code == 200
    assert [complete(on, firmground=each).json()["error"]["param"] for each in ([], "x", 5)] == ["firmground"] * 3


def a_conversation_goes_on(on: Listening) -> None:
    first = complete(on).json()["firmground"]
    ours = {"conversation": first["conversation"]}
    assert complete(on, firmground=ours).json()["firmground"]["conversation"] == first["conversation"]
    assert complete(on, firmground={"conversation": "none"}).status_code == 404
    assert complete(on, firmground={"conversation": 5}).json()["error"]["param"] == "firmground.conversation"


def filters_narrow(on: Listening) -> None:
    found = complete(on, firmground={"filters": {"uri": "travel.md"}}).json()["firmground"]
    assert "leave.md" not in json.dumps(found["citations"])
    for wrong in ({"a": {"b": 1}}, 5, "x", [1]):
        assert complete(on, firmground={"filters": wrong}).json()["error"]["param"] == "firmground.filters"


USED: dict[str, Callable[[Listening], None]] = {
    "messages": messages_are_asked,
    "model": a_model_is_a_release,
    "stream": a_stream_is_events,
    "stream_options": options_are_an_object,
    "stream_options.include_usage": tokens_are_told_where_they_are_wanted,
    "firmground": ours_is_an_object,
    "firmground.conversation": a_conversation_goes_on,
    "firmground.filters": filters_narrow,
}


def texts_are_embedded(on: Listening) -> None:
    both = embed(on, input=["vacation", "trains"]).json()["data"]
    assert [each["index"] for each in both] == [0, 1]
    assert embed(on, input="vacation").json()["data"][0]["embedding"] == both[0]["embedding"]
    for wrong in (None, [], [1, 2], [[1, 2]], {"a": 1}, ["x"] * 257, "x" * 200_001, "\0"):
        assert embed(on, input=wrong).json()["error"]["param"] == "input"


def releases_share_an_embedder(on: Listening) -> None:
    assert embed(on, model="firmground@candidate").json() == embed(on).json()
    assert embed(on).json()["model"] == on.app.embedder.id
    assert embed(on, model="text-embedding-9").status_code == 404
    assert embed(on, model=None).json()["error"]["param"] == "model"


def numbers_are_written_as_wanted(on: Listening) -> None:
    with openai.OpenAI(base_url=f"{on.address}/v1", api_key="any") as client:
        [wanted] = client.embeddings.create(model="firmground", input="vacation").data
    assert embed(on, encoding_format="float").json()["data"][0]["embedding"] == pytest.approx(wanted.embedding)
    assert isinstance(embed(on, encoding_format="base64").json()["data"][0]["embedding"], str)
    assert embed(on, encoding_format="int8").json()["error"]["param"] == "encoding_format"


USED_TO_EMBED: dict[str, Callable[[Listening], None]] = {
    "input": texts_are_embedded,
    "model": releases_share_an_embedder,
    "encoding_format": numbers_are_written_as_wanted,
}


@pytest.mark.parametrize("check_use", [*USED.values(), *USED_TO_EMBED.values()], ids=lambda use: use.__name__)
def test_what_is_used_does_what_the_page_says(on: Listening, check_use: Callable[[Listening], None]):
    check_use(on)


# ---------------------------------------------------------------- the rest of the page


def test_the_limits_on_the_page_are_those_that_hold(on: Listening):
    said = PAGE.partition("## `POST /v1/embeddings`")[2]
    texts, characters = map(int, re.findall(r"At most (\d+) texts and (\d+) characters", said)[0])
    assert embed(on, input=["x"] * texts).status_code == 200
    assert embed(on, input=["x"] * (texts + 1)).status_code == 400
    assert embed(on, input=["x" * characters]).status_code == 200
    assert embed(on, input=["x" * characters, "y"]).status_code == 400


def test_the_fields_on_the_page_are_those_that_come_back(on: Listening):
    body = complete(on).json()
    message = body["choices"][0]["message"]
    fields = rows("`POST /v1/chat/completions`", "field")
    assert {name.partition("[")[0] for name in fields} == set(body) - {"object", "created", "model"}
    assert {name.rpartition(".")[2] for name in fields if ".message." in name} == set(message) - {"role", "refusal"}
    shown = on.client.get(f"/api/v1/answers/{body['id'].removeprefix('chatcmpl-')}")
    assert shown.json() == body["firmground"]


def test_the_models_on_the_page_are_those_that_are_listed(on: Listening):
    said = " ".join(PAGE.partition("## `GET /v1/models`")[2].partition("\n## ")[0].split())
    named = re.findall(r"The list names `([^`]+)`.*? and `([^`]+)`", said)
    for parameters in ({}, {"limit": 1}, {"after": "x"}):
        listed = on.client.get("/v1/models", params=parameters).json()["data"]
        assert [tuple(model["id"] for model in listed)] == named


def test_the_exceptions_on_the_page_are_those_of_the_client():
    table = PAGE.partition("| status |")[2]
    for statuses, kind in re.findall(r"^\| ([\d, ]+) \| `(\w+)`", table, re.MULTILINE):
        for status in map(int, statuses.split(", ")):
            exact = getattr(getattr(openai, kind), "__annotations__", {}).get("status_code")
            wanted = {"InternalServerError": status >= 500, "APIStatusError": status in {405, 408, 413, 415}}
            assert wanted.get(kind, False) or str(status) in str(exact), (status, kind)
