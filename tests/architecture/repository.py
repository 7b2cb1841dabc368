"""What the checks of this folder look at."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "firmground"


def tracked() -> list[Path]:
    """Every file in git that is still there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    return [path for name in listed.decode().split("\0") if name and (path := ROOT / name).is_file()]


def python_files(folder: Path) -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py" and folder in path.parents]


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))
