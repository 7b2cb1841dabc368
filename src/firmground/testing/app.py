"""A whole workspace for tests: real database, everything else in memory. Parts are shared, so that a test can look into them, break
them, and open the same workspace again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from firmground.app.app import App
from firmground.errors import InvalidSettings
from firmground.ports import Database, Embedder, Jobs, LanguageModel, PageRenderer, Parser, SearchIndex, Source, Uploads
from firmground.release.spec import ReleaseSpec
from firmground.settings import Settings, Workspace
from firmground.sources.pictures import SandboxedRenderer
from firmground.sources.uploads import UploadsSource
from firmground.store.database import open_database
from firmground.testing.embedder import FakeEmbedder
from firmground.testing.index import MemoryIndex
from firmground.testing.jobs import MemoryJobs
from firmground.testing.parser import PlainParser
from firmground.testing.source import MemorySource
from firmground.types import Actor

ADMINISTRATOR = Actor(person="admin", groups=frozenset({"public", "everyone"}), admin=True)
COLLEAGUE = Actor(person="colleague", groups=frozenset({"public", "everyone"}))


class Ticking:
    """A clock that a test sets; each look is a second later."""

    def __init__(self, now: datetime = datetime(2026, 11, 20, 9, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@dataclass
class Bench:
    """The parts of one workspace. `app()` opens it; opening twice is what two processes, or one after a crash, would do."""

    root: Path
    settings: Settings = field(default_factory=Settings)
    source: MemorySource = field(default_factory=lambda: MemorySource(name="docs"))
    parser_: PlainParser = field(default_factory=PlainParser)
    embedder_: FakeEmbedder = field(default_factory=FakeEmbedder)
    index_: SearchIndex = field(default_factory=MemoryIndex)
    """That of the recipe which is opened first; other builds have their own, in `indexes`."""
    indexes: dict[str, SearchIndex] = field(default_factory=dict[str, SearchIndex])
    first_build: str = ""
    embedders: dict[str, Embedder] = field(default_factory=dict[str, Embedder])
    """Those that settings named once, by name."""
    jobs_: Jobs = field(default_factory=MemoryJobs)
    clock: Ticking = field(default_factory=Ticking)
    models: dict[str, LanguageModel] = field(default_factory=dict[str, LanguageModel])
    dropped: list[str] = field(default_factory=list[str])

    def app(self) -> App:
        return App(Workspace(root=self.root, data=self.root / ".firmground", settings=self.settings), self, self.clock)

    def database(self) -> Database:
        (self.root / ".firmground").mkdir(exist_ok=True)
        return open_database("sqlite", self.root / ".firmground")

    def jobs(self) -> Jobs:
        return self.jobs_

    def sources(self) -> Mapping[str, Source]:
        return {self.source.name: self.source}

    def uploads(self) -> Uploads:
        """The real one, since what it promises is about files."""
        return UploadsSource(self.root / ".firmground", max_bytes=self.settings.parsing.max_megabytes * 1_000_000)

    def parser(self) -> Parser:
        return self.parser_

    def renderer(self) -> PageRenderer:
        """The real one: it starts nothing before a page is drawn."""
        return SandboxedRenderer(workers=1)

    def embedder(self) -> Embedder:
        return self.embedder_

    def embedder_named(self, name: str, languages: Sequence[str] | None) -> Embedder:
        del languages
        if name not in self.embedders:
            raise InvalidSettings(f"there is no embedder {name!r}", "name one that there is")
        return self.embedders[name]

    def model(self, name: str) -> LanguageModel:
        if name not in self.models:
            raise InvalidSettings(f"there is no model {name!r}", "add its server under [models]")
        return self.models[name]

    def index(self, recipe: ReleaseSpec, dimension: int) -> SearchIndex:
        del dimension
        self.first_build = self.first_build or recipe.build
        if recipe.build == self.first_build:
            return self.index_
        return self.indexes.setdefault(recipe.build, MemoryIndex())

    def drop_index(self, build: str) -> None:
        self.dropped.append(build)
        self.indexes.pop(build, None)
