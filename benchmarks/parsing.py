"""Parse every file below a folder and account for each: counts by outcome, seconds, files per second, peak memory of a child.

    python benchmarks/parsing.py --data DIR [--ocr] [--workers N] [--files]

One JSON document on stdout. Exits 1 when a file is not accounted for or a child outlived the run.
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
    return 0 if result["unaccounted"] == 0 else 1


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
        return row | {"seconds": round(time.perf_counter() - began, 3)}

    start = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        rows = list(pool.map(one, files))
    seconds = time.perf_counter() - start
    parser.close()
    return {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "files": len(files),
        "unaccounted": len(files) - len(rows),
        "not_listed": len(source.problems()),
        "outcomes": dict(Counter(str(row["outcome"]) for row in rows).most_common()),
        "warnings": dict(Counter(str(w).partition(":")[0] for row in rows for w in row.get("warnings", ())).most_common()),
        "characters": sum(int(str(row.get("characters", 0))) for row in rows),
        "list_seconds": round(listed, 3),
        "seconds": round(seconds, 2),
        "files_per_second": round(len(files) / seconds, 1),
        "slowest": [(row["uri"], row["seconds"]) for row in sorted(rows, key=lambda row: -float(str(row["seconds"])))[:5]],
        "child_peak_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
        "rows": rows,
    }


if __name__ == "__main__":
    sys.exit(main())
