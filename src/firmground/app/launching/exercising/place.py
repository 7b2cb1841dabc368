"""A workspace of an exercise's own, with documents that were planted in it and the release that is tried: nothing of it is left behind."""

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from firmground.app.app import App
from firmground.app.asking.answers import ask
from firmground.app.corpus.builds import build_of
from firmground.app.corpus.sync import sync
from firmground.app.corpus.uploads import upload
from firmground.app.keeping.backup import locked
from firmground.app.launching.releases import RECIPES
from firmground.errors import FirmgroundError, OutsideFailed
from firmground.ports import LanguageModel
from firmground.release.record import Release
from firmground.settings import AnswerSection, DatabaseSection, ModelServer, ServeSection, Settings, Workspace
from firmground.settings_personal import ConsentSection
from firmground.types import Actor, Trace

_T = TypeVar("_T")

TRYING = Actor(person="audit", groups=frozenset({"public", "everyone"}), role="admin", via="job")
"""On whose behalf an exercise asks."""
DOCUMENTS: Mapping[str, str] = {
    "harbour.md": "# Harbour rehearsal\n\nThe harbour rehearsal takes place in the blue pavilion on the second floor.\n\n"
    "Whoever takes part in the harbour rehearsal brings a yellow lantern.\n\n"
    "The harbour rehearsal lasts forty minutes and ends with a whistle.\n",
    "orchard.md": "# Orchard keys\n\nThe keys of the orchard hang behind the green door of the gatehouse.\n\n"
    "The orchard is watered every Tuesday before sunrise.\n",
}
QUESTIONS = (
    "Where does the harbour rehearsal take place?",
    "How long does the harbour rehearsal last?",
    "Where do the keys of the orchard hang?",
)
_PREFIX = "firmground-audit-"
_BEGUN = 5.0
"""Seconds after which whoever works there holds it."""
_SECONDS = 90.0
"""For one answer; a language model may take its time."""


class TooSlow(OutsideFailed):
    """What was tried came to no end in time."""

    code = "too-slow"


class Place:
    """Such a workspace, opened. `release` is what is tried."""

    def __init__(self, app: App, release: Release) -> None:
        self.app = app
        self.release = release

    @contextmanager
    def opened(
        self,
        *,
        servers: Mapping[str, ModelServer] | None = None,
        models: Mapping[str, LanguageModel] | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> Generator["Place"]:
        """The same documents, with other servers of language models, models in the place of those of their names, or other sections of
        the settings."""
        workspace = self.app.workspace
        known = workspace.settings
        changed = known.model_copy(update={"models": {**known.models, **(servers or {})}, **(settings or {})})
        with self.app.beside(workspace.model_copy(update={"settings": changed}), models) as other:
            yield Place(other, self.release)

    def ask(self, question: str, *, seconds: float = _SECONDS) -> Trace:
        """An answer of the release as it was kept. TooSlow; other errors as `answers.ask`."""
        ends = time.monotonic() + seconds
        given = in_time(
            lambda: ask(self.app, TRYING, question, release=self.release.spec.digest, cancelled=lambda: time.monotonic() > ends),
            seconds + 1,
        )
        with self.app.database.reading() as tx:
            return tx.find_trace(given.id)


@contextmanager
def planted(app: App, release: Release, documents: Mapping[str, str] = DOCUMENTS) -> Generator[Place]:
    """A new workspace that holds these documents and nothing else, indexed as the release wants it. It is gone afterwards."""
    build_of(app, release.spec)  # its embedder is open now, and shared
    _sweep()
    with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as folder, locked(Path(folder)):
        root = Path(folder)
        workspace = Workspace(root=root, data=root / ".firmground", settings=_settings(app.workspace.settings))
        with app.beside(workspace) as other:
            _lend(app, other, release)
            for name, text in documents.items():
                upload(other, TRYING, name, [text.encode()], ["everyone"])
            if documents:
                sync(other, TRYING)
            yield Place(other, release)


def _sweep() -> None:
    """Remove what processes left that were killed while they tried something."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _BEGUN:
                with locked(left):
                    shutil.rmtree(left, ignore_errors=True)


def in_time(work: Callable[[], _T], seconds: float) -> _T:
    """What comes of the work; TooSlow where it does not end, which is then left to itself."""
    made: list[_T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            made.append(work())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True, name="exercise")
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not made:
        raise TooSlow(f"it did not end within {seconds:.0f} seconds", "see what it waits for")
    return made[0]


def told(error: BaseException) -> str:
    """An error in a line, for a finding: of one that is not ours no more than its kind, since it may quote a document."""
    return error.problem if isinstance(error, FirmgroundError) else type(error).__name__


def _settings(settings: Settings) -> Settings:
    """Those of the team, but for where things are. What the candidate would answer with is not needed."""
    elsewhere = {
        "sources": (),
        "database": DatabaseSection.model_construct(),
        "index": settings.index.model_copy(update={"url": "local"}),
        "answer": AnswerSection.model_construct(),
        "serve": ServeSection.model_construct(),
        "consent": ConsentSection.model_construct(),
    }
    return settings.model_copy(update=elsewhere)


def _lend(app: App, other: App, release: Release) -> None:
    """The other workspace knows the release, and by which names its embedder is opened."""
    with app.database.reading() as tx:
        embedders = tx.facts("embedder")
    with other.database.transaction() as tx:
        numbered = release.model_copy(update={"number": max(release.number, 1)})
        tx.put_fact("release", str(numbered.number), numbered.model_dump(mode="json"))
        tx.put_fact(RECIPES, release.spec.digest, release.spec.model_dump(mode="json"))
        for id, name in embedders.items():
            tx.put_fact("embedder", id, name)
