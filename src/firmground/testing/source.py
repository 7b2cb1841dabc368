"""What every `Source` promises, and a source that lives in memory."""
# ruff: noqa: S101 - a contract suite asserts

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from threading import Event
from typing import Protocol

import pytest

from firmground.errors import OutsideFailed, ParseFailed
from firmground.groups import agreed
from firmground.ports import Source
from firmground.types import Scalar, SourceFile


class MemorySource:
    """Documents in a dict from uri to bytes. Everything about it may be changed between syncs.

    `contents` may be edited in place; `file_groups` and `file_metadata` overrule `groups` per uri; `trouble` is what `problems()`
    reports; `missing=True` makes the place itself disappear; reading a uri in `failures` raises ParseFailed with its code;
    `reads` lists every uri that was read, in order.
    """

    def __init__(
        self, contents: Mapping[str, bytes] | None = None, *, name: str = "memory", groups: Sequence[str] = ("everyone",)
    ) -> None:
        self._name = name
        self.contents: dict[str, bytes] = dict(contents or {})
        self.groups = tuple(sorted(groups))
        self.file_groups: dict[str, tuple[str, ...]] = {}
        self.file_metadata: dict[str, dict[str, Scalar | tuple[Scalar, ...]]] = {}
        self.modified_ns: dict[str, int] = {}
        self.trouble: list[tuple[str, str, str]] = []
        self.failures: dict[str, str] = {}
        self.missing = False
        self.reads: list[str] = []

    @property
    def name(self) -> str:
        return self._name

    def files(self) -> Iterator[SourceFile]:
        if self.missing:
            raise OutsideFailed(f"source {self._name} is missing", "bring it back, or remove it from the settings")
        for uri in sorted(self.contents):
            yield SourceFile(
                uri=uri,
                stamp=sha256(self.contents[uri]).hexdigest(),
                size=len(self.contents[uri]),
                modified_ns=self.modified_ns.get(uri, 0),
                groups=tuple(sorted(self.file_groups.get(uri, self.groups))),
                metadata=self.file_metadata.get(uri, {}),
            )

    def read(self, file: SourceFile) -> bytes:
        self.reads.append(file.uri)
        if file.uri in self.failures:
            raise ParseFailed(self.failures[file.uri], "as the test asked")
        if file.uri not in self.contents:
            raise ParseFailed("unreadable", "it is gone")
        return self.contents[file.uri]

    def said(self, uri: str) -> list[tuple[str, tuple[str, ...]]]:
        groups = tuple(sorted(self.file_groups.get(uri, self.groups)))
        return [(f"the source {self._name}", groups)] if uri in self.contents else []

    def problems(self) -> tuple[tuple[str, str, str], ...]:
        return tuple(self.trouble)

    def watch(self, stop: Event) -> Iterator[frozenset[str]]:
        """It cannot tell."""
        del stop
        yield from ()


class Place(Protocol):
    """A source together with the means to change what it holds."""

    @property
    def source(self) -> Source: ...

    def put(self, uri: str, content: bytes) -> None: ...
    def remove(self, uri: str) -> None: ...
    def lose(self) -> None:
        """The whole place disappears (folder removed, server gone)."""
        ...


class SourceContract:
    """Subclass it and give a `place` fixture: an empty source that can be changed from outside."""

    @pytest.fixture
    def place(self) -> Place:
        raise NotImplementedError("give a `place` fixture")

    def test_an_empty_place_lists_nothing(self, place: Place) -> None:
        assert list(place.source.files()) == []
        assert place.source.problems() == ()

    def test_every_file_is_listed_once_in_a_stable_order(self, place: Place) -> None:
        uris = ["b.md", "a/z.md", "a/b/c.md", "a.md", "Ä ö.md"]
        for uri in uris:
            place.put(uri, uri.encode())
        first = [file.uri for file in place.source.files()]
        assert sorted(first) == sorted(uris)
        assert [file.uri for file in place.source.files()] == first

    def test_what_is_listed_can_be_read_byte_for_byte(self, place: Place) -> None:
        content = bytes(range(256)) * 3
        place.put("folder/all-bytes.bin", content)
        (file,) = place.source.files()
        assert file.size == len(content)
        assert place.source.read(file) == content

    def test_uris_are_clean_relative_paths(self, place: Place) -> None:
        place.put("a/b.md", b"x")
        (file,) = place.source.files()
        assert not file.uri.startswith("/")
        assert "\\" not in file.uri
        assert file.uri.isprintable()
        file.uri.encode("utf-8")

    def test_groups_are_sorted_and_unique(self, place: Place) -> None:
        place.put("a.md", b"x")
        (file,) = place.source.files()
        assert list(file.groups) == sorted(set(file.groups))

    def test_what_is_said_of_who_may_see_a_file_comes_to_what_is_listed(self, place: Place) -> None:
        place.put("a.md", b"x")
        (file,) = place.source.files()
        assert agreed(place.source.said("a.md")) == file.groups
        assert place.source.said("b.md") == place.source.said("a.md/b.md") == place.source.said("../a.md") == []

    def test_an_untouched_file_keeps_its_stamp(self, place: Place) -> None:
        place.put("a.md", b"x")
        place.put("b.md", b"y")
        before = {file.uri: file.stamp for file in place.source.files()}
        place.put("c.md", b"z")
        after = {file.uri: file.stamp for file in place.source.files()}
        assert before == {uri: after[uri] for uri in before}

    def test_a_changed_file_has_another_stamp(self, place: Place) -> None:
        place.put("a.md", b"one")
        (before,) = place.source.files()
        place.put("a.md", b"two")
        (after,) = place.source.files()
        assert before.stamp != after.stamp
        assert place.source.read(after) == b"two"

    def test_a_removed_file_is_no_longer_listed(self, place: Place) -> None:
        place.put("a.md", b"x")
        place.put("b.md", b"y")
        place.remove("a.md")
        assert [file.uri for file in place.source.files()] == ["b.md"]

    def test_reading_a_file_that_is_gone_says_unreadable(self, place: Place) -> None:
        place.put("a.md", b"x")
        (file,) = place.source.files()
        place.remove("a.md")
        with pytest.raises(ParseFailed) as failed:
            place.source.read(file)
        assert failed.value.code == "unreadable"

    def test_a_missing_place_never_looks_empty(self, place: Place) -> None:
        place.put("a.md", b"x")
        place.lose()
        with pytest.raises(OutsideFailed):
            list(place.source.files())
