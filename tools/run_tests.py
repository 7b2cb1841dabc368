"""Run every test, two at a time, and what failed once more, alone.

Real processes, browsers and kills share a machine here: one test in some thousands fails only because of what ran beside it. Which ones
did is printed last, so that they are mended; a test that fails alone too fails the run. More than a few failures are no chance, and a run
that was cut short, or that did not collect, proves nothing: those fail at once.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FAILED = ROOT / ".pytest_cache" / "v" / "cache" / "lastfailed"
AT_MOST = 8
TESTS_FAILED = 1  # pytest's exit code where everything ran and something failed.


def pytest(*options: str) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *options], cwd=ROOT, check=False).returncode


def failed() -> list[str]:
    return sorted(json.loads(FAILED.read_text())) if FAILED.exists() else []


def main(options: list[str]) -> int:
    FAILED.unlink(missing_ok=True)
    code = pytest("-n", "2", "--dist", "worksteal", *options)
    first = failed()
    if code == TESTS_FAILED and 0 < len(first) <= AT_MOST and all("::" in each for each in first):
        print(f"\n{len(first)} failed beside others; alone:", flush=True)
        code = pytest("--last-failed", *options)
    # The names come last, where a log that is cut short still shows them.
    still = failed() if code else []
    for name in first:
        print(f"{'failed' if name in still else 'not steady, failed beside others only'}: {name}")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
