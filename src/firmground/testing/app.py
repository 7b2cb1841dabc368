"""A whole workspace for tests: real database, everything else in memory. Parts are shared, so that a test can look into them, break
them, and open the same workspace again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from firmground.app.app import App
from firmground.app.launching import pointer, releases
from firmground.app.recording.ledger import record
from firmground.errors import InvalidSettings
from firmground.guard.personal import Detector
from firmground.identities import Provider
from firmground.identity.provider import OpenIDProvider
from firmground.models.openai_model import OpenAIModel
from firmground.outbox import MailSender, WebhookSender
from firmground.ports import (
    Database,
    Embedder,
    Finder,
    Jobs,
    LanguageModel,
    PageRenderer,
    Parser,
    SearchIndex,
    Source,
    Uploads,
)
from firmground.release.record import Live
from firmground.release.spec import ReleaseSpec
from firmground.settings import ModelServer, Settings, Workspace
from firmground.sources.pictures import SandboxedRenderer
from firmground.sources.uploads import UploadsSource
from firmground.store.database import SQLITE_NAME, open_database
from firmground.testing.embedder import FakeEmbedder
from firmground.testing.index import MemoryIndex
from firmground.testing.jobs import MemoryJobs
from firmground.testing.parser import PlainParser
from firmground.testing.sending import KeptMail, KeptWebhooks
from firmground.testing.source import MemorySource
from firmground.types import Actor

ADMINISTRATOR = Actor(person="admin", groups=frozenset({"public", "everyone"}), role="owner", local=True)
COLLEAGUE = Actor(person="colleague", groups=frozenset({"public", "everyone"}))


def make_live(app: App) -> None:
    """Release the workspace as it stands, and point to it as what is live: for tests that are about something else than the gate."""
    made, _ = releases.create(app, ADMINISTRATOR)
    with app.database.transaction() as tx:
        spec = made.spec
        entry = record(
            app, tx, ADMINISTRATOR, pointer.MOVES[0], str(made.number), release=spec.digest, build=spec.build, override=None
        )
        live = Live(number=made.number, release=made.spec.digest, since=app.clock(), by=ADMINISTRATOR.person, entry=entry.number)
        pointer.move(tx, live)


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
    mail_: KeptMail = field(default_factory=KeptMail)
    webhooks_: KeptWebhooks = field(default_factory=KeptWebhooks)

    def app(self) -> App:
        return App(Workspace(root=self.root, data=self.root / ".firmground", settings=self.settings), self, self.clock)

    def database(self) -> Database:
        data = self.root / ".firmground"
        data.mkdir(exist_ok=True)
        if not any(data.glob(f"{SQLITE_NAME}*")):
            (data / SQLITE_NAME).write_bytes(_empty_database())
        return open_database("sqlite", data)

    def jobs(self) -> Jobs:
        return self.jobs_

    def sources(self) -> Mapping[str, Source]:
        return {self.source.name: self.source}

    def uploads(self) -> Uploads:
        """The real one, since what it promises is about files."""
        return UploadsSource(self.root / ".firmground", max_bytes=self.settings.parsing.max_megabytes * 1_000_000)

    def parser(self) -> Parser:
        return self.parser_

    def finder(self) -> Finder:
        return Detector.of(self.settings.guard)

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
        server = name.partition("/")[0]
        if name not in self.models and server in self.settings.models:
            return OpenAIModel(name, **_place(self.settings.models[server]), model=name.partition("/")[2])
        if name not in self.models:
            raise InvalidSettings(f"there is no model {name!r}", "add its server under [models]")
        return self.models[name]

    def provider(self) -> Provider:
        """The real one, which asks nobody before it must."""
        return OpenIDProvider(self.settings.oidc, self.clock)

    def mail(self) -> MailSender:
        return self.mail_

    def webhooks(self) -> WebhookSender:
        return self.webhooks_

    def index(self, recipe: ReleaseSpec, dimension: int) -> SearchIndex:
        del dimension
        self.first_build = self.first_build or recipe.build
        if recipe.build == self.first_build:
            return self.index_
        return self.indexes.setdefault(recipe.build, MemoryIndex())

    def drop_index(self, build: str) -> None:
        self.dropped.append(build)
        self.indexes.pop(build, None)

    def beside(self, workspace: Workspace) -> "Bench":
        """With the same models, but for those whose servers the settings of the other place elsewhere."""
        moved = {name for name, server in workspace.settings.models.items() if server != self.settings.models.get(name)}
        models = {name: model for name, model in self.models.items() if name.partition("/")[0] not in moved}
        there = self if workspace.root == self.root else Bench(workspace.root, embedder_=self.embedder_, clock=self.clock)
        return replace(there, settings=workspace.settings, models=models, embedders=self.embedders)


@cache
def _empty_database() -> bytes:
    """The file of a new database: that of each workspace begins as a copy, since making the tables takes longer than most tests."""
    with TemporaryDirectory() as data:
        open_database("sqlite", Path(data)).close()
        return (Path(data) / SQLITE_NAME).read_bytes()


def _place(server: ModelServer) -> dict[str, Any]:
    kept = {"base_url", "connect_seconds", "read_seconds", "total_seconds", "retries", "structured"}
    return {"api_key": "", **server.model_dump(include=kept)}
