"""What a use case may use: the workspace and its ports, already wired."""

from collections.abc import Mapping
from typing import Protocol

from firmground.ports import Clock, Database, Embedder, Jobs, Parser, SearchIndex, Source
from firmground.release.spec import ReleaseSpec
from firmground.settings import Workspace


class App(Protocol):
    """One open workspace. Each part opens when it is first used, so that a quick question does not pay for what it does not need."""

    @property
    def workspace(self) -> Workspace: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def database(self) -> Database: ...
    @property
    def jobs(self) -> Jobs: ...
    @property
    def sources(self) -> Mapping[str, Source]: ...
    @property
    def parser(self) -> Parser: ...
    @property
    def embedder(self) -> Embedder: ...
    @property
    def index(self) -> SearchIndex:
        """The index of `candidate.build`."""
        ...

    @property
    def candidate(self) -> ReleaseSpec:
        """The workspace as it stands."""
        ...
