"""Sync end to end: files, chunks and tokens per second, where the time goes, and what a second sync of unchanged files costs.

    python benchmarks/syncing.py --data DIR [--json]

DIR holds `documents/` with folders of real files. Everything is real: parser, model, index, database, in a temporary workspace.
"""

import argparse
import json
import resource
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from firmground import wire
from firmground.app.app import App
from firmground.app.corpus.sync import sync
from firmground.app.setup import init
from firmground.index.chunk import estimated_tokens
from firmground.settings import load_workspace
from firmground.types import Actor

BENCH = Actor(person="benchmark", role="owner")
FOLDERS = ("handbook_18f", "policies_jupiterone")


class Timed:
    """A part whose calls to one method are timed. Calls from several threads add up."""

    def __init__(self, part: Any, method: str) -> None:
        self._part = part
        self._method = method
        self.seconds = 0.0
        self.given = 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, name)
        if name != self._method:
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            started = time.perf_counter()
            try:
                return found(*arguments, **named)
            finally:
                self.seconds += time.perf_counter() - started
                self.given += len(arguments[0])

        return call


class Opening(wire._Adapters):
    def parser(self) -> Any:
        self.timed_parser = Timed(super().parser(), "parse")
        return self.timed_parser

    def embedder(self) -> Any:
        self.timed_embedder = Timed(super().embedder(), "embed")
        return self.timed_embedder


def first_sync(data: Path, folders: Sequence[str]) -> dict[str, Any]:
    """Real files into an empty workspace. `outside` is the share of wall time in which neither a file was parsed nor text embedded by the
    main thread: an upper bound, since parsing runs beside it."""
    with tempfile.TemporaryDirectory() as scratch:
        root = init(Path(scratch) / "ws")
        for folder in folders:
            shutil.copytree(data / "documents" / folder, root / "documents" / folder)
        workspace = load_workspace(root)
        opening = Opening(workspace)
        started = time.perf_counter()
        with App(workspace, opening, wire.utc_now) as app:
            app.embedder.embed(["warm"])
            ready = time.perf_counter()
            opening.timed_embedder.seconds = 0.0
            report = sync(app, BENCH)
            wall = time.perf_counter() - ready
            with app.database.reading() as tx:
                tokens = sum(estimated_tokens(tx.text(each.number)) for each in tx.documents(state="indexed"))
            again = time.perf_counter()
            sync(app, BENCH)
            second = time.perf_counter() - again
        documents = report["totals"]["documents"]
        chunks = report["totals"]["chunks"]["total"]
        parsing = opening.timed_parser.seconds / workspace.settings.parsing.workers
        embedding = opening.timed_embedder.seconds
        return {
            "files": sum(documents.values()),
            "documents": documents,
            "chunks": chunks,
            "tokens": tokens,
            "open_seconds": ready - started,
            "seconds": wall,
            "files_per_second": sum(documents.values()) / wall,
            "chunks_per_second": chunks / wall,
            "tokens_per_second": tokens / wall,
            "embedding_share": embedding / wall,
            "parsing_share_per_worker": parsing / wall,
            "outside_share": max(0.0, 1 - (embedding + parsing) / wall),
            "second_sync_seconds": second,
            "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "children_peak_memory_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
        }


def unchanged_sync(files: int) -> dict[str, Any]:
    """Small files that did not change: the second and third sync of them."""
    with tempfile.TemporaryDirectory() as scratch:
        root = init(Path(scratch) / "ws")
        for number in range(files):
            folder = root / "documents" / f"{number % 100:02d}"
            folder.mkdir(exist_ok=True)
            (folder / f"note-{number}.md").write_text(
                f"# Note {number}\n\nShelf {number % 97} holds box {number}.\n", encoding="utf-8"
            )
        workspace = load_workspace(root)
        seconds: list[float] = []
        for _ in range(3):
            with App(workspace, wire._Adapters(workspace), wire.utc_now) as app:
                started = time.perf_counter()
                sync(app, BENCH)
                seconds.append(time.perf_counter() - started)
        return {"files": files, "first_seconds": seconds[0], "second_seconds": seconds[1], "third_seconds": seconds[2]}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--folders", nargs="*", default=FOLDERS)
    arguments.add_argument("--unchanged", type=int, default=10_000)
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    found = {"first_sync": first_sync(given.data, given.folders)}
    if given.unchanged:
        found["unchanged"] = unchanged_sync(given.unchanged)
    if given.json:
        print(json.dumps(found))
        return
    for name, figures in found.items():
        print(name)
        for key, value in figures.items():
            print(f"  {key:26} {value:.3f}" if isinstance(value, float) else f"  {key:26} {value}")


if __name__ == "__main__":
    main()
