"""Parse every file below a folder and account for each: counts by outcome, seconds, files per second, peak memory of a child.

    python benchmarks/parsing.py --data DIR [--ocr] [--workers N] [--files]

One JSON document on stdout. Exits 1 when a parsing process crashed, a file ran into the time limit or raised anything but
ParseFailed, a regular file on disk was neither listed nor skipped by rule, or a parsing process outlived the run.
"""

import argparse
import json
import os
import platform
import resource
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import psutil

from firmground.errors import ParseFailed
from firmground.sources.files import FilesSource
from firmground.sources.parse import SandboxedParser
from firmground.types import SourceFile


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, default=os.environ.get("FIRMGROUND_BENCH_DATA"), required=False)
    arguments.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    arguments.add_argument("--ocr", action="store_true", help="recognise text in scans")
    arguments.add_argument("--files", action="store_true", help="also one row per file")
    given = arguments.parse_args()
    if not given.data:
        arguments.error("--data or FIRMGROUND_BENCH_DATA: a folder of documents")
    result = run(Path(given.data), given.workers, ocr=given.ocr)
    rows = result.pop("rows")
    print(json.dumps(result | ({"rows": rows} if given.files else {}), indent=1, ensure_ascii=False))
    return 1 if result["failures"] else 0


def run(data: Path, workers: int, *, ocr: bool) -> dict[str, object]:
    source = FilesSource("bench", data)
    parser = SandboxedParser(workers=workers, ocr=ocr)
    start = time.perf_counter()
    files = list(source.files())
    listed = time.perf_counter() - start

    def one(file: SourceFile) -> dict[str, object]:
        began = time.perf_counter()
        row: dict[str, object] = {"uri": file.uri, "bytes": file.size}
        try:
            parsed = parser.parse(file.uri, source.read(file))
            row |= {"outcome": "parsed", "characters": len(parsed.text), "pages": len(parsed.pages), "warnings": parsed.warnings}
        except ParseFailed as failed:
            row |= {"outcome": failed.code, "detail": failed.detail}
        except Exception as wrong:  # noqa: BLE001 - whatever it is, the run goes on and the row tells it
            row |= {"outcome": "unexpected", "detail": repr(wrong)[:300]}
        return row | {"seconds": round(time.perf_counter() - began, 3)}

    start = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        rows = list(pool.map(one, files))
    seconds = time.perf_counter() - start
    parser.close()
    left_over = sum(
        "firmground.sources.child" in " ".join(child.cmdline()) for child in psutil.Process().children(recursive=True)
    )
    outcomes = Counter(str(row["outcome"]) for row in rows)
    unlisted = _on_disk(data) - len(files)
    bad = {code: outcomes[code] for code in ("parser_crashed", "timeout", "unexpected") if outcomes[code]}
    bad |= {name: count for name, count in (("unlisted", unlisted), ("children_left", left_over)) if count}
    return {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "files": len(files),
        "failures": bad,
        "not_listed": len(source.problems()),
        "outcomes": dict(outcomes.most_common()),
        "warnings": dict(Counter(str(w).partition(":")[0] for row in rows for w in row.get("warnings", ())).most_common()),
        "characters": sum(int(str(row.get("characters", 0))) for row in rows),
        "list_seconds": round(listed, 3),
        "seconds": round(seconds, 2),
        "files_per_second": round(len(files) / seconds, 1),
        "slowest": [(row["uri"], row["seconds"]) for row in sorted(rows, key=lambda row: -float(str(row["seconds"])))[:5]],
        "child_peak_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
        "rows": rows,
    }


def _on_disk(data: Path) -> int:
    """Regular files that a listing should hold, counted without the code under test: no hidden ones, lock files or sidecars."""
    count = 0
    for folder, folders, names in os.walk(data):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            skipped = name.startswith((".", "~$", "_meta.")) or name.endswith((".meta.yaml", ".meta.yml", ".meta.json"))
            count += not skipped and (Path(folder) / name).is_file()
    return count


if __name__ == "__main__":
    sys.exit(main())
