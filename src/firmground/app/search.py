"""Find passages, as the asker may see them."""

from collections.abc import Mapping

from firmground.app import quality
from firmground.app.app import App
from firmground.errors import IndexMismatch, InvalidInput
from firmground.ports import Filters
from firmground.serve.search import Corpus, Found
from firmground.serve.search import search as find
from firmground.types import Actor, Scalar, Within


def search(app: App, actor: Actor, question: str, *, filters: Filters | None = None, limit: int = 10) -> Found:
    """At most `limit` passages, best first. InvalidInput for an empty or overlong question, or a filter that cannot work."""
    return find(corpus(app), app.candidate.retrieval, question, within(app, actor, filters or {}), limit=limit)


def corpus(app: App) -> Corpus:
    """What is searched when the candidate is asked. IndexMismatch where the documents were taken in with another recipe only."""
    build = app.candidate.build
    with app.database.reading() as tx:
        languages = quality.languages(tx)
        superseded = quality.superseded(tx)
        builds = tx.builds()
    if builds and build not in builds:
        raise IndexMismatch(
            "the documents are indexed with another embedder or chunking than firmground.toml names now",
            "index them anew with `firmground sync`, or restore what was changed under [index]",
        )
    return Corpus(
        reading=app.database.reading,
        index=app.index,
        embedder=app.embedder,
        build=build,
        languages=languages,
        superseded=superseded,
    )


def within(app: App, actor: Actor, filters: Filters) -> Within:
    """What this person may see, narrowed by the filters."""
    with app.database.reading() as tx:
        scopes = None if actor.admin else tx.visible_scopes(actor.groups)
        chosen = tx.documents_matching(filters) if filters else Within()
    return Within(scopes=scopes, documents=chosen.documents, excluded=chosen.excluded)


def parse_filters(given: list[str]) -> Filters:
    """`key=value` (equal), `key=a,b` (any of them), `key=from..to` (a range; either end may be missing). Numbers, true and false are read
    as such."""
    filters: dict[str, Scalar | list[Scalar] | Mapping[str, Scalar]] = {}
    for each in given:
        key, equals, value = each.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise InvalidInput(
                f"the filter {each!r} is not KEY=VALUE", "write for example language=de or date=2024-01-01..2024-12-31"
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
