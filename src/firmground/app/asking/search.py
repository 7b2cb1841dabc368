"""Find passages, as the asker may see them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Literal, TypeAlias

from firmground.app.app import App
from firmground.app.asking.readiness import check_that_something_is_indexed, not_up_to_date
from firmground.app.corpus import quality
from firmground.app.corpus.builds import build_of
from firmground.app.launching.releases import LIVE, answering, named
from firmground.app.personal import consent
from firmground.app.redaction import masking
from firmground.app.redaction.answers import values_of
from firmground.app.redaction.revealing import restored_passages
from firmground.errors import IndexMismatch, InvalidInput
from firmground.language.identify import prepare
from firmground.ports import Filters, Transaction
from firmground.release.spec import ReleaseSpec
from firmground.serve.remembered import Remembered
from firmground.serve.search import Corpus, Found
from firmground.serve.search import search as find
from firmground.types import Actor, Notice, Passage, Scalar, Within

BUILTIN_KEYS = frozenset({"source", "uri", "title", "language", "media_type", "modified"})
"""What every document can be filtered by."""
MOST_FILTERS = 20
MOST_VALUES = 1000
"""Of all lists of a filter together."""
_KEYS_NAMED = 20
Band: TypeAlias = Literal["high", "middle", "low"]
_HIGH, _MIDDLE = 0.5, 0.3
"""Of the cosine."""
_HIGH_SHARE, _MIDDLE_SHARE = 0.75, 0.5
"""Of the best score of the question, where there is no cosine."""


def search(app: App, actor: Actor, question: str, *, filters: Filters | None = None, limit: int = 10) -> Found:
    """At most `limit` passages as the release that is live finds them, best first. InvalidInput for an empty or overlong question, or a
    filter that cannot work; NotFound or Damaged where nothing was found because nothing is indexed; NotAllowed where nothing is live for
    this person; ConsentNeeded where there is something to agree to first; Refused for personal data in it, where none may be asked
    about."""
    consent.check(app, actor)
    with app.database.reading() as tx:
        recipe = answering(app, tx, actor)
    said = masking.question(app, actor, question)
    seen = within(app, actor, masking.filters(app, actor, filters or {})[0])
    found = find(corpus(app, recipe), recipe.retrieval, said.text, seen, limit=limit, hidden=values_of(said.values))
    if not found.passages:
        check_that_something_is_indexed(app, recipe)
    return replace(found, passages=restored_passages(app, actor, found.passages, found.documents))


def check_that_it_answers(app: App, actor: Actor) -> None:
    """NotAllowed, NotFound or Damaged, where this person would get no answer to any question."""
    with app.database.reading() as tx:
        recipe = answering(app, tx, actor)
    check_that_something_is_indexed(app, recipe)


def standing(app: App, actor: Actor) -> tuple[Notice, ...]:
    """What to know of what is found now: that documents wait for the index."""
    with app.database.reading() as tx:
        recipe = named(app, tx, LIVE)
    return not_up_to_date(app, recipe, actor)


def band(passage: Passage) -> Band:
    """How near a passage is, for who is no administrator: exact scores would tell apart what is hidden from what is not there."""
    dense = passage.scores.dense
    if dense is not None:
        return "high" if dense >= _HIGH else "middle" if dense >= _MIDDLE else "low"
    return "high" if passage.score >= _HIGH_SHARE else "middle" if passage.score >= _MIDDLE_SHARE else "low"


def warm_up(app: App) -> None:
    """Open what questions to the release that is live need, and ask one, so that the first real one is quick. Nothing need be indexed.
    InvalidSettings where a model is named that cannot be opened."""
    with app.database.reading() as tx:
        recipe = named(app, tx, LIVE)
    warm(app, recipe)


def warm(app: App, recipe: ReleaseSpec) -> None:
    """The same for a recipe."""
    for name in sorted(recipe.answering.generation.routing.models):
        app.model(name)
    find(corpus(app, recipe), recipe.retrieval, "ready?", Within(), limit=1)


def corpus(app: App, recipe: ReleaseSpec) -> Corpus:
    """What is searched when a recipe is asked. IndexMismatch where the documents were taken in with other recipes only."""
    prepare()
    build = build_of(app, recipe)
    with app.database.reading() as tx:
        languages = quality.languages(tx)
        superseded = quality.superseded(tx)
        builds = tx.builds()
    if builds and build.name not in builds:
        raise IndexMismatch(
            "the documents are indexed with another embedder or chunking than firmground.toml names now",
            "index them anew with `firmground sync`, or restore what was changed under [index]",
        )
    return Corpus(
        reading=app.database.reading,
        index=build.index,
        embedder=app.once(f"remembered {build.embedder.id}", lambda: Remembered(build.embedder)),
        build=build.name,
        languages=languages,
        superseded=superseded,
    )


def within(app: App, actor: Actor, filters: Filters) -> Within:
    """What this person may see, narrowed by the filters. InvalidInput names a key that no document has which they may see, and refuses
    more filters than anybody needs before any is looked up."""
    _check_size(filters)
    with app.database.reading() as tx:
        scopes = None if actor.may("see_all") else tx.visible_scopes(actor.groups)
        _check_keys(tx, filters, scopes)
        chosen = tx.documents_matching(filters) if filters else Within()
    return Within(scopes=scopes, documents=chosen.documents, excluded=chosen.excluded)


def _check_size(filters: Filters) -> None:
    values = sum(len(each) for each in filters.values() if isinstance(each, Sequence) and not isinstance(each, str))
    if len(filters) > MOST_FILTERS or values > MOST_VALUES:
        remedy = f"use at most {MOST_FILTERS} keys, and {MOST_VALUES} values in their lists"
        raise InvalidInput(f"there are {len(filters)} filters with {values} listed values", remedy)


def _check_keys(tx: Transaction, filters: Filters, scopes: frozenset[int] | None) -> None:
    """A misspelt key would match nothing, and look like documents that hold no answer."""
    own = {key for key in filters if key.strip()} - BUILTIN_KEYS
    unknown = sorted(own - tx.metadata_keys(scopes, among=own)) if own else []
    if not unknown or not tx.documents(state="indexed", limit=1):
        return
    known = tx.metadata_keys(scopes) | BUILTIN_KEYS
    near = get_close_matches(unknown[0], known, n=1)
    remedy = f"did you mean '{near[0]}'?" if near else f"known keys: {', '.join(sorted(known)[:_KEYS_NAMED])}"
    raise InvalidInput(f"no document has the key '{unknown[0]}' of the filter", remedy)


def parse_filters(given: list[str]) -> Filters:
    """`key=value` (equal), `key=a,b` (any of them), `key=from..to` (a range; either end may be missing). Numbers, true and false are read
    as such."""
    filters: dict[str, Scalar | list[Scalar] | Mapping[str, Scalar]] = {}
    for each in given:
        key, equals, value = each.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise InvalidInput(
                f"the filter {each!r} is not KEY=VALUE", "write for example language=de or modified=2024-01-01..2024-12-31"
            )
        if ".." in value:
            first, _, last = value.partition("..")
            filters[key.strip()] = {name: _scalar(end) for name, end in (("from", first), ("to", last)) if end.strip()}
        elif "," in value:
            filters[key.strip()] = [_scalar(part) for part in value.split(",") if part.strip()]
        else:
            filters[key.strip()] = _scalar(value)
    return filters


def _scalar(text: str) -> Scalar:
    text = text.strip()
    if text in {"true", "false"}:
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
