"""Where documents came from: the sources of the workspace, and those that firmground.toml no longer names."""

from collections.abc import Iterable, Iterator
from threading import Event
from typing import cast

from firmground.app.app import App
from firmground.errors import ParseFailed
from firmground.ports import Source, Transaction
from firmground.types import Json, SourceFile

_PLACE = ("corpus", "sources")


def source_of(app: App, name: str) -> Source:
    """The source of this name, or an empty one where there is none any more: what was taken in from it is then removed."""
    return app.sources.get(name) or _Gone(name)


def gone(app: App) -> list[str]:
    """Names of sources that documents were taken in from and that are no more."""
    with app.database.reading() as tx:
        return sorted(_held(tx) - app.sources.keys())


def remember(tx: Transaction, names: Iterable[str]) -> None:
    """Documents may be taken in from these from now on."""
    _keep(tx, _held(tx).union(names))


def forget(tx: Transaction, names: Iterable[str]) -> None:
    """Nothing is left of these."""
    _keep(tx, _held(tx).difference(names))


def _keep(tx: Transaction, names: set[str]) -> None:
    kept: list[Json] = [*sorted(names)]
    tx.put_fact(*_PLACE, kept)


def _held(tx: Transaction) -> set[str]:
    return set(cast("list[str]", tx.fact(*_PLACE) or ()))


class _Gone:
    def __init__(self, name: str) -> None:
        self.name = name

    def files(self) -> Iterator[SourceFile]:
        return iter(())

    def read(self, file: SourceFile) -> bytes:
        raise ParseFailed("unreadable", f"{file.uri} has no source any more")

    def said(self, uri: str) -> list[tuple[str, tuple[str, ...]]]:
        del uri
        return []

    def problems(self) -> tuple[tuple[str, str, str], ...]:
        return ()

    def watch(self, stop: Event) -> Iterator[frozenset[str]]:
        del stop
        return iter(())
