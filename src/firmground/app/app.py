"""What a use case may use: the workspace and its ports."""

from collections.abc import Mapping
from contextlib import ExitStack
from functools import cached_property
from types import TracebackType
from typing import Protocol, TypeVar

from firmground.ports import Clock, Database, Embedder, Jobs, Parser, SearchIndex, Source
from firmground.release.spec import ReleaseSpec, candidate
from firmground.settings import Workspace


class _Closing(Protocol):
    def close(self) -> None: ...


_Live = TypeVar("_Live", bound=_Closing)


class Opening(Protocol):
    """How the parts of one workspace are opened; `wire.py` has the real one, tests have theirs."""

    def database(self) -> Database: ...
    def jobs(self) -> Jobs: ...
    def sources(self) -> Mapping[str, Source]: ...
    def parser(self) -> Parser: ...
    def embedder(self) -> Embedder: ...
    def index(self, recipe: ReleaseSpec, dimension: int) -> SearchIndex: ...
    def drop_index(self, build: str) -> None: ...


class App:
    """One open workspace. Each part opens when it is first used, so that a quick question does not pay for what it does not need, and
    closes with this. Use it as a context manager."""

    def __init__(self, workspace: Workspace, opening: Opening, clock: Clock) -> None:
        self.workspace = workspace
        self.clock = clock
        self._opening = opening
        self._closing = ExitStack()

    def __enter__(self) -> "App":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._closing.close()

    @cached_property
    def database(self) -> Database:
        return self._closed_later(self._opening.database())

    @cached_property
    def jobs(self) -> Jobs:
        return self._closed_later(self._opening.jobs())

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        return self._opening.sources()

    @cached_property
    def parser(self) -> Parser:
        return self._closed_later(self._opening.parser())

    @cached_property
    def embedder(self) -> Embedder:
        return self._opening.embedder()

    @cached_property
    def candidate(self) -> ReleaseSpec:
        """The recipe of the workspace as it stands."""
        return candidate(self.workspace.settings, self.embedder.id)

    @cached_property
    def index(self) -> SearchIndex:
        """The index that the candidate searches."""
        return self._closed_later(self._opening.index(self.candidate, self.embedder.dimension))

    def drop_index(self, build: str) -> None:
        """Delete the index of another build, also where it is damaged."""
        self._opening.drop_index(build)

    def _closed_later(self, part: _Live) -> _Live:
        self._closing.callback(part.close)
        return part
