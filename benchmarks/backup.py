"""How long a backup and a restore take, how large a backup is, and what people who ask meanwhile notice.

    python benchmarks/backup.py [--chunks 100000] [--seed 1] [--out FILE]

A workspace of made-up documents with real database and index; the embedder is one for tests, because what it would cost to embed all
documents again is told by `embedding`.
"""

import argparse
import json
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import quantiles
from time import perf_counter

from firmground.app.app import App
from firmground.app.asking.answers import ask
from firmground.app.corpus.sync import sync
from firmground.app.keeping.backup import backup
from firmground.app.keeping.drill import drill
from firmground.app.keeping.restore import restore
from firmground.ports import SearchIndex
from firmground.release.spec import ReleaseSpec
from firmground.store.lance import drop_lance, open_lance
from firmground.testing.app import ADMINISTRATOR, Bench

_OF_A_DOCUMENT = 20
_IDLE = 40


@dataclass
class Real(Bench):
    """With an index on disk."""

    def index(self, recipe: ReleaseSpec, dimension: int) -> SearchIndex:
        return open_lance(self.root / ".firmground" / "index", recipe.build, recipe.embedder, dimension)

    def drop_index(self, build: str) -> None:
        drop_lance(self.root / ".firmground" / "index", build)

    def beside(self, workspace):
        return (
            self if workspace.root == self.root else Real(workspace.root, settings=workspace.settings, embedder_=self.embedder_)
        )


def filled(root: Path, chunks: int, seed: int) -> Real:
    """A synced workspace of about so many chunks."""
    random = Random(seed)
    words = [f"{random.choice('bcdfglmnprst')}{random.choice('aeiou')}{random.choice('klmnrst')}{n:x}" for n in range(4000)]
    made = Real(root)
    (root / "firmground.toml").write_text("")
    for number in range(chunks // _OF_A_DOCUMENT):
        sections = (f"## Part {part}\n\n{' '.join(random.choices(words, k=60))}." for part in range(_OF_A_DOCUMENT))
        made.source.contents[f"{number}.md"] = (f"# Document {number}\n\n" + "\n\n".join(sections) + "\n").encode()
    with made.app() as app:
        sync(app, ADMINISTRATOR)
    return made


def asked(app: App, words: list[str], until: threading.Event | None) -> list[float]:
    """Milliseconds of each answer, until the event, or some."""
    taken: list[float] = []
    while (len(taken) < _IDLE) if until is None else not until.is_set():
        begun = perf_counter()
        ask(app, ADMINISTRATOR, f"What about {words[len(taken) % len(words)]}?")
        taken.append(1000 * (perf_counter() - begun))
    return taken


def measured(chunks: int, seed: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "workspace"
        root.mkdir()
        bench = filled(root, chunks, seed)
        words = bench.source.contents["0.md"].decode().split()[8:60]
        file = Path(folder) / "backup.zip"
        with bench.app() as app:
            asked(app, words, None)
            idle = asked(app, words, None)
            done, meanwhile = threading.Event(), list[float]()
            asking = threading.Thread(target=lambda: meanwhile.extend(asked(app, words, done)))
            asking.start()
            begun = perf_counter()
            made = backup(app, ADMINISTRATOR, file)
            took = perf_counter() - begun
            done.set()
            asking.join()
            begun = perf_counter()
            without = backup(app, ADMINISTRATOR, Path(folder) / "small.zip", with_index=False)
            took_without = perf_counter() - begun
            tried = drill(app, ADMINISTRATOR, file)
        with bench.app() as app:
            begun = perf_counter()
            restore(app, ADMINISTRATOR, file)
            restored = perf_counter() - begun
        return {
            "chunks": made.manifest.tables["chunks"],
            "rows": sum(made.manifest.tables.values()),
            "backup_seconds": round(took, 2),
            "backup_megabytes": round(made.bytes / 1e6, 1),
            "without_index_seconds": round(took_without, 2),
            "without_index_megabytes": round(without.bytes / 1e6, 1),
            "restore_seconds": round(restored, 2),
            "drill_seconds": tried.seconds,
            "drill_passed": tried.exercise.passed,
            "answers_meanwhile": len(meanwhile),
            "p95_ms": {"idle": round(p95(idle), 1), "during_backup": round(p95(meanwhile), 1)},
        }


def p95(taken: list[float]) -> float:
    return quantiles(taken, n=20)[-1] if len(taken) > 1 else max(taken, default=0.0)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--chunks", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--out", type=Path)
    given = options.parse_args()
    found = measured(given.chunks, given.seed)
    print(json.dumps(found, indent=1))
    if given.out:
        given.out.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
