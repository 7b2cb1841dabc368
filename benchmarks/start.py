"""How long the commands of a person take to start, as whole processes, and how large the installation is.

    python benchmarks/start.py [--json]

Each command runs several times in a small sample workspace; the smallest time counts, as the one least disturbed by others.
"""

import argparse
import json
import subprocess
import sys
import sysconfig
import tempfile
import time
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

PROGRAM = Path(sys.executable).with_name("firmground")
REASONS_FROM = 50_000_000


def seconds(command: list[str], directory: Path, times: int = 5) -> float:
    """The smallest of `times` runs."""
    took: list[float] = []
    for _ in range(times):
        started = time.perf_counter()
        subprocess.run([str(PROGRAM), *command], cwd=directory, check=True, capture_output=True)
        took.append(time.perf_counter() - started)
    return round(min(took), 3)


def sizes() -> dict[str, Any]:
    """Bytes of the installed parts, the largest first; parts of the test tools count too where they are installed."""
    found: dict[str, int] = {}
    for part in distributions():
        files = [Path(str(part.locate_file(file))) for file in part.files or ()]
        found[part.metadata["Name"]] = sum(file.stat().st_size for file in files if file.is_file())
    large = {name: size for name, size in sorted(found.items(), key=lambda pair: -pair[1]) if size >= REASONS_FROM}
    site = Path(sysconfig.get_paths()["purelib"])
    everything = sum(file.lstat().st_size for file in site.rglob("*") if file.is_file())
    return {
        "site_packages_mb": round(everything / 1e6),
        "parts_over_50_mb": {name: round(size / 1e6) for name, size in large.items()},
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true")
    as_json = options.parse_args().json
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        subprocess.run([str(PROGRAM), "init", "--sample"], cwd=directory, check=True, capture_output=True)
        started = time.perf_counter()
        subprocess.run([str(PROGRAM), "sync"], cwd=directory, check=True, capture_output=True)
        first = round(time.perf_counter() - started, 3)
        figures: dict[str, Any] = {
            "help_seconds": seconds(["--help"], directory),
            "status_seconds": seconds(["status"], directory),
            "search_seconds": seconds(["search", "carry over vacation days"], directory),
            "ask_seconds": seconds(["ask", "How many vacation days can I carry over?"], directory),
            "sample_sync_seconds": first,
            "sample_second_sync_seconds": seconds(["sync"], directory, 3),
            "installed": sizes(),
        }
    print(json.dumps(figures) if as_json else "\n".join(f"{name:28} {value}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
