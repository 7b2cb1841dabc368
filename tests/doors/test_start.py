"""What a command loads before it does anything: by modules, since a time says more of the machine."""

import subprocess
import sys
from pathlib import Path

import pytest

STAGES = {f"firmground.{stage}" for stage in ("answer", "evaluate", "release", "retrieve", "review", "serve")}
LIBRARIES = {"fastapi", "lancedb", "numpy", "onnxruntime", "pyarrow", "re2", "rich", "tokenizers", "yaml"}
LOOK = """
import gc, sys
from firmground.cli import main
try:
    main()
finally:
    from typer.core import TyperCommand
    print(*sys.modules, file=sys.stderr)
    print(sum(isinstance(each, TyperCommand) for each in gc.get_objects()), file=sys.stderr)
"""


def loaded(*words: str) -> tuple[str, set[str], int]:
    """What a command writes, the modules that are loaded at its end, and how many commands were made."""
    done = subprocess.run([sys.executable, "-c", LOOK, *words], capture_output=True, text=True, check=True)
    modules, made = done.stderr.splitlines()[-2:]
    return done.stdout, set(modules.split()), int(made)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("start") / "workspace"
    _, modules, _ = loaded("init", str(made))
    assert modules & (STAGES | LIBRARIES | {"sqlalchemy"}) == set()
    return made


def test_help_loads_no_heavy_library():
    out, modules, _ = loaded("--help")
    assert "Usage: firmground" in out
    assert modules & (STAGES | LIBRARIES | {"pydantic", "sqlalchemy", "firmground.settings"}) == set()


def test_a_run_makes_the_one_command_that_is_asked_for():
    out, modules, made = loaded("release", "calibrate", "--help")
    assert out.startswith("Usage: firmground release calibrate")
    assert "sqlalchemy" not in modules
    assert made == 1


@pytest.mark.parametrize("command", ["status", "ledger show", "person list"])
def test_what_only_reads_the_database_loads_no_stage_and_no_model(command: str, workspace: Path):
    out, modules, _ = loaded(*command.split(), "--workspace", str(workspace))
    assert out
    assert "sqlalchemy" in modules
    assert modules & (STAGES | LIBRARIES) == set()
