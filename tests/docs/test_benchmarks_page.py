"""The list of benchmarks names every one that there is."""

import re
from pathlib import Path

from benchmarks.__main__ import plans
from documentation import ROOT

PAGE = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")


def test_every_benchmark_has_a_row_and_no_other_has():
    rows = re.findall(r"^\| (\w+) \|", PAGE, re.MULTILINE)
    assert sorted(set(rows) - {"name"}) == sorted(plans(Path("sets"), None))
    assert len(rows) == len(set(rows))


def test_what_is_run_by_itself_is_named_too():
    own = {each.stem for each in (ROOT / "benchmarks").glob("*.py") if "argparse" in each.read_text(encoding="utf-8")}
    run = {plan[0] for plan in plans(Path("sets"), None).values()}
    assert all(f"benchmarks.{name} " in PAGE for name in own - run - {"__main__"})
