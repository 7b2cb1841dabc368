"""What a use case may use: the workspace and its ports."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from threading import RLock
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from firmground.app.redaction.keys import PersonalKey, key_of, known_key
from firmground.identities import Provider
from firmground.index.by_kind import ByKind
from firmground.outbox import MailSender, WebhookSender
from firmground.ports import (
    Clock,
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
from firmground.settings import Workspace

if TYPE_CHECKING:
    from firmground.release.spec import ReleaseSpec
    from firmground.serve.cache import AnswerCache

_Part = TypeVar("_Part")


class Opening(Protocol):
    """How the parts of one workspace are opened; `wire.py` has the real one, tests have theirs."""

    def database(self) -> Database: ...
    def jobs(self) -> Jobs: ...
    def sources(self) -> Mapping[str, Source]: ...
    def uploads(self) -> Uploads: ...
    def parser(self) -> Parser: ...
    def finder(self) -> Finder: ...
    def renderer(self) -> PageRenderer: ...
    def embedder(self) -> Embedder: ...
    def embedder_named(self, name: str, languages: Sequence[str] | None) -> Embedder: ...
    def model(self, name: str) -> LanguageModel: ...
    def provider(self) -> Provider: ...
    def mail(self) -> MailSender: ...
    def webhooks(self) -> WebhookSender: ...
    def index(self, recipe: "ReleaseSpec", dimension: int) -> SearchIndex: ...
    def drop_index(self, build: str) -> None: ...
    def beside(self, workspace: Workspace) -> "Opening":
        """How the parts of another workspace are opened."""
        ...


class App:
    """One open workspace, shared by threads. Each part opens once, when it is first used, so that a quick question does not pay for
    what it does not need; all close with this. Use it as a context manager."""

    def __init__(self, workspace: Workspace, opening: Opening, clock: Clock) -> None:
        self.workspace = workspace
        self.clock = clock
        self.rehearsal = False
        """Whether it was opened beside another workspace to try something out: nobody is warned of what happens in it."""
        self._opening = opening
        self._closing = ExitStack()
        self._parts: dict[str, Any] = {}
        self._locks: dict[str, RLock] = {}

    def __enter__(self) -> "App":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._closing.close()

    @property
    def database(self) -> Database:
        return self.once("database", self._opening.database)

    @property
    def jobs(self) -> Jobs:
        return self.once("jobs", self._opening.jobs)

    @property
    def sources(self) -> Mapping[str, Source]:
        """Those that the settings name, and the uploads once there are any, whichever process received them."""
        named = self.once("sources", self._opening.sources)
        return {**named, self.uploads.name: self.uploads} if self.uploads.exists() else named

    @property
    def uploads(self) -> Uploads:
        return self.once("uploads", self._opening.uploads)

    @property
    def parser(self) -> Parser:
        return self.once("parser", self._opening.parser)

    @property
    def finder(self) -> Finder:
        """Finds personal data, as the settings say."""
        return self.once("finder", self._opening.finder)

    @property
    def personal_key(self) -> PersonalKey:
        """What personal data is hidden with. InvalidSettings, OutsideFailed or Damaged where it cannot be had: asked again, it is looked
        for anew."""
        return self.once("personal key", self._personal_key)

    def _personal_key(self) -> PersonalKey:
        with self.database.reading() as tx:
            known = known_key(tx)
        return key_of(self.workspace, known=known)

    @property
    def renderer(self) -> PageRenderer:
        return self.once("renderer", self._opening.renderer)

    @property
    def embedder(self) -> Embedder:
        """Of placeholders it is told the kind: vectors are the same in every workspace."""
        return self.once("embedder", lambda: ByKind(self.once("embedder itself", self._opening.embedder)))

    def embedder_named(self, name: str, languages: Sequence[str] | None) -> Embedder:
        """One that the settings named once. InvalidSettings where it cannot be found any more."""
        opened = partial(self._opening.embedder_named, name, languages)
        return self.once(f"embedder {name}", lambda: ByKind(self.once(f"embedder itself {name}", opened)))

    @property
    def candidate(self) -> "ReleaseSpec":
        """The recipe of the workspace as it stands, with the shipped confidence: see `calibrated.py` for what calibration found."""
        return self.once("candidate", self._candidate)

    def _candidate(self) -> "ReleaseSpec":
        from firmground.app.asking.prompting import prompts
        from firmground.release.spec import candidate

        return candidate(self.workspace.settings, self.embedder.id, prompts(self.workspace))

    @property
    def index(self) -> SearchIndex:
        """The index that the candidate searches."""
        return self.index_of(self.candidate, self.embedder)

    def index_of(self, recipe: "ReleaseSpec", embedder: Embedder) -> SearchIndex:
        """The index that a recipe searches, made if absent."""
        return self.once(f"index {recipe.build}", lambda: self._opening.index(recipe, embedder.dimension))

    @property
    def cache(self) -> "AnswerCache":
        """Answers of this process that may be given again."""
        return self.once("cache", self._cache)

    def _cache(self) -> "AnswerCache":
        from firmground.serve.cache import AnswerCache

        return AnswerCache(entries=self.workspace.settings.serve.cached_answers)

    def model(self, name: str) -> LanguageModel:
        """The language model `<server>/<model>`. InvalidSettings where its server is not under [models]."""
        return self.once(f"model {name}", lambda: self._opening.model(name))

    @property
    def provider(self) -> Provider:
        """The provider that people sign in with, where the settings name one."""
        return self.once("provider", self._opening.provider)

    @property
    def mail(self) -> MailSender:
        return self.once("mail", self._opening.mail)

    @property
    def webhooks(self) -> WebhookSender:
        return self.once("webhooks", self._opening.webhooks)

    def beside(self, workspace: Workspace, models: Mapping[str, LanguageModel] | None = None) -> "App":
        """Another workspace, opened as this one is. It shares the embedders that are open, since they are slow to open and hold nothing of
        anybody; `models` answer there in the place of those of their names."""
        other = App(workspace, self._opening.beside(workspace), self.clock)
        other.rehearsal = True
        shared = {name: part for name, part in self._parts.items() if name.partition(" ")[0] == "embedder"}
        other._parts = {**shared, **{f"model {name}": model for name, model in (models or {}).items()}}
        return other

    def drop_index(self, build: str) -> None:
        """Delete the index of another build, also where it is damaged."""
        self._opening.drop_index(build)

    def once(self, name: str, open_part: Callable[[], _Part]) -> _Part:
        """What `open_part` gave when this name was first asked for; a part that can be closed is closed with the workspace."""
        with self._locks.setdefault(name, RLock()):
            if name not in self._parts:
                part = open_part()
                if close := getattr(part, "close", None):
                    self._closing.callback(close)
                self._parts[name] = part
            return cast("_Part", self._parts[name])
