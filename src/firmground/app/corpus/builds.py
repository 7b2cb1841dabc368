"""The indexes that are kept: the candidate's, and those that releases need whose chunking or embedder is another.

Each is built beside the others and kept in step by every sync, so a release goes on answering from its own while another is built.
"""

from collections.abc import Sequence

from firmground.app.app import App
from firmground.errors import FirmgroundError, InvalidInput, NotFound, Refused
from firmground.ports import Embedder, SearchIndex, Transaction
from firmground.release.spec import ReleaseSpec

MOST_OTHERS = 4
"""Indexes besides the candidate's: of the releases that are live or were, the latest first, and then of the newest, those that need one."""
_EMBEDDERS = "embedder"
"""Namespace of the names of embedders that releases use, by id."""


class Build:
    """One index with what it is made by."""

    def __init__(self, app: App, recipe: ReleaseSpec, embedder: Embedder) -> None:
        self._app = app
        self._recipe = recipe
        self.name = recipe.build
        self.chunker = recipe.chunker
        self.embedder = embedder

    @property
    def index(self) -> SearchIndex:
        """Made if absent."""
        return self._app.index_of(self._recipe, self.embedder)


def build_of(app: App, recipe: ReleaseSpec) -> Build:
    """What a recipe searches. Refused where its embedder is no longer what it was."""
    return Build(app, recipe, _embedder(app, recipe))


def kept(app: App, recipes: Sequence[ReleaseSpec]) -> list[Build]:
    """The candidate's, and those of the first of these recipes. One whose embedder cannot be had any more is not among them."""
    found = {app.candidate.build: build_of(app, app.candidate)}
    for recipe in recipes:
        if recipe.build not in found and len(found) <= MOST_OTHERS:
            try:
                found[recipe.build] = build_of(app, recipe)
            except (InvalidInput, NotFound, Refused):
                continue
    return list(found.values())


def remember_embedder(app: App, tx: Transaction) -> None:
    """Note by which name the candidate's embedder is opened: the settings may name another one day."""
    tx.put_fact(_EMBEDDERS, app.embedder.id, app.workspace.settings.index.embedder)


def _embedder(app: App, recipe: ReleaseSpec) -> Embedder:
    try:
        if recipe.embedder == app.embedder.id:
            return app.embedder
    except FirmgroundError:  # what the settings name now cannot be opened, which is no concern of a release with another
        pass
    with app.database.reading() as tx:
        name = tx.fact(_EMBEDDERS, recipe.embedder)
    if not isinstance(name, str):
        raise Refused("the embedder of this release is not known by name", "release the recipe again with it in firmground.toml")
    found = app.embedder_named(name, recipe.embedder_languages)
    if found.id != recipe.embedder:
        raise Refused(f"the embedder {name} is no longer the one that this release was made with", "restore its files")
    return found
