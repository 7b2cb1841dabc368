"""All benchmarks, one after the other; each leaves its figures with machine and date in `benchmarks/results/`.

    python -m benchmarks --data DIR [--peer-python PATH] [--only NAME …]

DIR holds the public sets described in benchmarks/README.md. A benchmark that fails is named at the end; the others still run.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.library import machine

RESULTS = Path(__file__).with_name("results")


def plans(data: Path, peer: Path | None) -> dict[str, list[str]]:
    """Name → module arguments."""
    at = ["--data", str(data)]
    documents = ["--data", str(data / "documents")]
    return {
        "embedding": ["embedding", *at, "--json", *(["--peer-python", str(peer)] if peer else [])],
        "retrieval": ["retrieval", *at, "--out", "{out}"],
        "chunking": ["chunking", *at, "--out", "{out}"],
        "answering": ["answering", *at, "--questions", "5928", "--splits", "200", "--out", "{out}"],
        "conversation": ["conversation", *at, "--out", "{out}"],
        "orders": ["orders", *at, "--out", "{out}"],
        "injection": ["injection", *at, "--out", "{out}"],
        "personal": ["personal", *at, "--out", "{out}"],
        "faithfulness": ["faithfulness", *at, "--out", "{out}"],
        "parsing": ["parsing", *documents],
        "syncing": ["syncing", *at, "--json"],
        "crawling": ["crawling", "--out", "{out}"],
        "search": ["search", "--out", "{out}"],
        "latency": ["latency", "--out", "{out}"],
        "faults": ["faults", "--out", "{out}"],
        "load": ["load", "--out", "{out}"],
        "streams": ["streams", "--out", "{out}"],
        "gate": ["gate", "--out", "{out}"],
        "evaluating": ["evaluating", "--out", "{out}"],
        "promoting": ["promoting", "--out", "{out}"],
        "pages": ["pages", "--out", "{out}"],
        "reviewing": ["reviewing", "--out", "{out}"],
        "ledger": ["ledger", "--out", "{out}"],
        "backup": ["backup", "--out", "{out}"],
        "limits": ["limits", "--out", "{out}"],
        "permissions": ["permissions", "--out", "{out}"],
        "recall": ["permissions", "--recall", "--out", "{out}"],
        "leakage": ["leakage", "--out", "{out}"],
        "pinning": ["pinning", "--out", "{out}"],
        "redaction": ["redaction", "--out", "{out}"],
        "rules": ["rules", "--out", "{out}"],
        "timing": ["leakage", "--timing", "--out", "{out}"],
        "start": ["start", "--json"],
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--peer-python", type=Path, help="a Python that has sentence-transformers, for the ratio of speeds")
    options.add_argument("--only", nargs="*", help="names; all when absent")
    given = options.parse_args()
    if not given.data.is_dir():
        sys.exit(f"{given.data} is no folder: name the one with the public sets, see benchmarks/README.md")
    RESULTS.mkdir(exist_ok=True)
    failed: list[str] = []
    for name, plan in plans(given.data, given.peer_python).items():
        if given.only and name not in given.only:
            continue
        print(f"== {name}", file=sys.stderr)
        if not run(name, plan):
            failed.append(name)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def run(name: str, plan: list[str]) -> bool:
    """Whether it ended well; its figures are in RESULTS then."""
    target = RESULTS / f"{name}.json"
    scratch = target.with_suffix(".tmp")
    scratch.unlink(missing_ok=True)
    module, *rest = plan
    started = time.perf_counter()
    command = [
        sys.executable,
        str(Path(__file__).with_name(f"{module}.py")),
        *(part.replace("{out}", str(scratch)) for part in rest),
    ]
    beside = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(RESULTS.parents[1]), os.environ.get("PYTHONPATH")]))}
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, env=beside)
    if ended.returncode:
        return False
    figures = json.loads(scratch.read_text(encoding="utf-8") if scratch.exists() else ended.stdout)
    scratch.unlink(missing_ok=True)
    kept = {"benchmark": name, "seconds": round(time.perf_counter() - started, 1), "machine": machine(), "figures": figures}
    target.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    return True


if __name__ == "__main__":
    main()
