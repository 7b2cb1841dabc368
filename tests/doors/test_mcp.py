"""The SDK's own client against our tools, over HTTP and over standard input and output."""

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from listening import QUESTION, SAID, Listening, listening, until
from mcp import Client, StdioServerParameters

from firmground import mcp as door
from firmground.testing.model_server import Reply
from firmground.web.served import Served


def speak(where: Any, use: Callable[[Client], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with Client(where) as client:
            return await use(client)

    return asyncio.run(run())


def call(on: Listening, tool: str, **arguments: Any) -> Any:
    return speak(f"{on.address}/mcp", lambda client: client.call_tool(tool, arguments))


@pytest.fixture(scope="module")
def quotes(tmp_path_factory: pytest.TempPathFactory):
    with listening(tmp_path_factory.mktemp("quotes"), said=False) as on:
        yield on


def test_three_tools_are_offered_and_change_nothing(quotes: Listening):
    tools = speak(f"{quotes.address}/mcp", lambda client: client.list_tools()).tools
    assert {tool.name for tool in tools} == {"ask", "search", "read_document"}
    for tool in tools:
        assert tool.annotations.read_only_hint
        assert tool.description
        assert tool.input_schema["properties"]


def test_ask_answers_with_citations_and_goes_on(tmp_path: Path):
    with listening(tmp_path) as on:
        said = call(on, "ask", question=QUESTION)
        answer = said.structured_content
        assert not said.is_error
        assert answer["text"] == f"{SAID} [1]"
        assert answer["citations"][0]["uri"] == "docs/leave.md"
        assert json.loads(said.content[0].text) == answer
        again = call(on, "ask", question="and into which year?", conversation=answer["conversation"])
        assert again.structured_content["conversation"] == answer["conversation"]


def test_what_search_finds_can_be_read(quotes: Listening):
    [first, *_] = call(quotes, "search", query="vacation days", limit=2).structured_content["passages"]
    for name in (first["document"], first["uri"]):
        whole = call(quotes, "read_document", document=name).structured_content
        assert whole["text"][first["locator"]["start"] : first["locator"]["end"]] == first["text"]
        part = call(quotes, "read_document", document=name, start=2, length=5).structured_content
        assert (part["text"], part["end"], part["characters"]) == (whole["text"][2:7], 7, len(whole["text"]))


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("ask", {"question": " "}, "question is empty"),
        ("ask", {}, "question cannot be used"),
        ("ask", {"question": "x\0"}, "NUL"),
        ("ask", {"question": "x", "more": 1}, "more cannot be used"),
        ("search", {"query": "x", "limit": 0}, "limit cannot be used"),
        ("read_document", {"document": "nowhere"}, "no document"),
        ("read_document", {"document": "docs/leave.md", "length": 10**9}, "length cannot be used"),
        ("delete", {}, "there is no tool 'delete': use one of ask, search, read_document"),
    ],
)
def test_an_error_is_one_line_that_a_model_can_act_on(quotes: Listening, tool: str, arguments: dict, words: str):
    said = call(quotes, tool, **arguments)
    assert said.is_error
    assert words in said.content[0].text
    assert "\n" not in said.content[0].text


def test_what_nobody_planned_for_keeps_its_words_to_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object) -> None:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr("firmground.mcp._part", broken)
    with listening(tmp_path, said=False) as on:
        said = call(on, "read_document", document="docs/leave.md")
        assert said.is_error
        assert "secret" not in said.content[0].text


def test_a_client_that_leaves_stops_the_model(tmp_path: Path):
    with listening(tmp_path, default=Reply(say=f"{SAID} [1] ", endless=True, delay=0.01), streams={"grace": 0.1}) as on:

        async def leave(client: Client) -> None:
            asking = asyncio.ensure_future(client.call_tool("ask", {"question": QUESTION}))
            while not on.model.requests:
                await asyncio.sleep(0.01)
            asking.cancel()
            await asyncio.wait({asking})

        speak(f"{on.address}/mcp", leave)
        [asked] = on.model.wait()
        assert asked.left
        until(lambda: all(stream.over for stream in on.served.streams._streams.values()))


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
def test_the_rules_of_the_edge_hold_here_too(quotes: Listening, headers: dict[str, str]):
    assert quotes.client.post("/mcp", json={}, headers=headers).status_code == 403
    assert quotes.client.post("/mcp", content=b"x", headers={"Content-Type": "text/plain"}).status_code == 415
    assert quotes.client.get("/mcp").status_code == 405
    assert quotes.client.post("/mcp", content=b"{", headers={"Content-Type": "application/json"}).status_code in {400, 406}


def test_without_the_sdk_one_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "mcp.server.lowlevel.server", None)
    with listening(tmp_path, said=False) as on:
        response = on.client.post("/mcp", json={})
        assert response.status_code == 404
        assert response.json()["detail"] == "the MCP SDK is not installed: in the checkout run `pip install '.[mcp]'`"
        with pytest.raises(door.NotFound, match="in the checkout run"):
            door._server(Served(on.app))


def test_the_command_speaks_over_standard_input_and_output(tmp_path: Path):
    command = shutil.which("firmground", path=str(Path(sys.executable).parent))
    assert command
    subprocess.run([command, "init", str(tmp_path)], check=True, capture_output=True)
    (tmp_path / "documents").mkdir(exist_ok=True)
    (tmp_path / "documents" / "leave.md").write_text(f"# Leave\n\n{SAID}\n")
    subprocess.run([command, "sync", "--workspace", str(tmp_path)], check=True, capture_output=True)
    server = StdioServerParameters(command=command, args=["mcp", "--workspace", str(tmp_path)])

    async def use(client: Client) -> Any:
        return await client.call_tool("ask", {"question": QUESTION})

    answer = speak(server, use).structured_content
    assert "five vacation days" in json.dumps(answer)

    subprocess.run([command, "person", "add", "bob", "--workspace", str(tmp_path)], check=True, capture_output=True)

    async def search(client: Client) -> Any:
        return await client.call_tool("search", {"query": QUESTION})

    def scores(*more: str) -> set[type]:
        whole = StdioServerParameters(command=command, args=["mcp", "--workspace", str(tmp_path), *more])
        return {type(passage["score"]) for passage in speak(whole, search).structured_content["passages"]}

    assert scores() == {float}, "as an administrator"
    assert scores("--as", "bob") == {str}


def test_the_tool_says_what_the_brief_says_it_cannot_do(quotes: Listening):
    file = quotes.app.workspace.root / "brief.toml"
    file.write_text(
        "known_limitations = ['It knows no mail.', 'x']\nblocked_actions = ['Book anything']\nfallback_path = 'hidden'"
    )
    try:
        said = {tool.name: tool.description for tool in speak(f"{quotes.address}/mcp", lambda client: client.list_tools()).tools}
        file.write_text(f"known_limitations = ['{'y' * 4000}']")
        longest = speak(f"{quotes.address}/mcp", lambda client: client.list_tools()).tools
    finally:
        file.unlink()
    assert said["ask"].endswith("\nKnown limitations: It knows no mail.; x\nIt must never: Book anything")
    assert "mail" not in said["search"] + said["read_document"]
    assert "hidden" not in said["ask"]
    assert all(len(tool.description) < 3000 for tool in longest)
