"""What every `Parser` promises, and a parser for tests that need no real one."""
# ruff: noqa: S101 - a contract suite asserts

import unicodedata
from concurrent.futures import ThreadPoolExecutor
from typing import cast, get_args

import pytest
import yaml

from firmground.errors import ParseFailed
from firmground.ports import Parser
from firmground.types import ParseCode, Parsed, Scalar, digest

_FAIL = b"!fail:"


class PlainParser:
    """UTF-8 Markdown with simple front matter, read in this process.

    Content that begins with `!fail:<code>` raises ParseFailed with that code. Front matter keys `title` and `groups` become
    fields, the others metadata. `parsed` lists every uri that was parsed, in order; `version` changes the id.
    """

    def __init__(self, version: str = "1") -> None:
        self.version = version
        self.parsed: list[str] = []

    @property
    def id(self) -> str:
        return digest(["plain", self.version])

    def parse(self, uri: str, content: bytes) -> Parsed:
        self.parsed.append(uri)
        if content.startswith(_FAIL):
            code = content[len(_FAIL) :].split(maxsplit=1)[0].decode()
            raise ParseFailed(code, "as the test asked")
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as wrong:
            raise ParseFailed("corrupt", "not UTF-8") from wrong
        text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", ""))
        text, matter = _front_matter(text)
        if not text.strip():
            raise ParseFailed("no_text", "it holds no text")
        heading = next((line.lstrip("# ").strip() for line in text.splitlines() if line.startswith("#")), None)
        groups = matter.pop("groups", None)
        title = matter.pop("title", None)
        return Parsed(
            text=text,
            media_type="text/markdown",
            title=str(title) if title is not None else heading,
            metadata=matter,
            groups=tuple(sorted({str(group) for group in groups})) if isinstance(groups, tuple) else None,
            encoding="utf-8",
        )

    def close(self) -> None:
        """Nothing to close."""


def _front_matter(text: str) -> tuple[str, dict[str, Scalar | tuple[Scalar, ...]]]:
    if not text.startswith("---\n") or "\n---\n" not in text:
        return text, {}
    head, _, body = text.removeprefix("---\n").partition("\n---\n")
    loaded = cast(dict[str, object], yaml.safe_load(head) or {})
    values = {
        key: tuple(map(str, cast(list[object], value))) if isinstance(value, list) else value for key, value in loaded.items()
    }
    return body, {key: value if isinstance(value, bool | int | float | tuple) else str(value) for key, value in values.items()}


class ParserContract:
    """Subclass it and give a `parser` fixture."""

    @pytest.fixture
    def parser(self) -> Parser:
        raise NotImplementedError("give a `parser` fixture")

    def test_markdown_stays_as_it_is(self, parser: Parser) -> None:
        text = "# Leave\n\nYou may carry over **5 days**.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\ncode  here\n```\n"
        assert parser.parse("leave.md", text.encode()).text == text

    def test_the_first_heading_is_the_title(self, parser: Parser) -> None:
        assert parser.parse("leave.md", b"# Annual leave\n\nText.\n").title == "Annual leave"

    def test_front_matter_is_not_text_but_metadata(self, parser: Parser) -> None:
        content = "---\ntitle: Leave\ngroups: [hr, board]\nowner: people-ops\n---\n# Holiday\n\nText.\n"
        parsed = parser.parse("leave.md", content.encode())
        assert parsed.title == "Leave"
        assert parsed.groups == ("board", "hr")
        assert parsed.metadata["owner"] == "people-ops"
        assert "people-ops" not in parsed.text

    def test_a_document_without_groups_names_none(self, parser: Parser) -> None:
        assert parser.parse("leave.md", b"# Holiday\n").groups is None

    def test_text_is_normalised(self, parser: Parser) -> None:
        text = parser.parse("a.md", "cafe\u0301\r\nline\rend\0\n".encode()).text
        assert text == "café\nline\nend\n"

    def test_pages_lie_within_the_text(self, parser: Parser) -> None:
        parsed = parser.parse("a.md", b"# One\n\nText.\n")
        for page in parsed.pages:
            assert 0 <= page.start <= page.end <= len(parsed.text)

    def test_an_empty_file_has_no_text(self, parser: Parser) -> None:
        for content in (b"", b" \n\t\n"):
            with pytest.raises(ParseFailed) as failed:
                parser.parse("empty.md", content)
            assert failed.value.code == "no_text"

    def test_failures_carry_a_known_code_and_one_line(self, parser: Parser) -> None:
        with pytest.raises(ParseFailed) as failed:
            parser.parse("empty.md", b"")
        assert failed.value.code in get_args(ParseCode)
        assert "\n" not in failed.value.detail

    def test_the_id_is_stable(self, parser: Parser) -> None:
        assert parser.id == parser.id
        assert parser.id

    def test_equal_content_gives_equal_results(self, parser: Parser) -> None:
        content = b"# One\n\nText.\n"
        assert parser.parse("a.md", content) == parser.parse("a.md", content)

    def test_several_threads_may_parse_at_once(self, parser: Parser) -> None:
        contents = [f"# Title {n}\n\nBody {n}.\n".encode() for n in range(24)]
        with ThreadPoolExecutor(6) as pool:
            results = list(pool.map(parser.parse, [f"{n}.md" for n in range(24)], contents))
        assert [parsed.title for parsed in results] == [f"Title {n}" for n in range(24)]
