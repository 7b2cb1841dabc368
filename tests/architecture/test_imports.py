import ast
import json
import subprocess
import sys
from pathlib import Path

from repository import PACKAGE, ROOT, name, python_files

HEAVY = [
    "alembic",
    "dbos",
    "lancedb",
    "onnx",
    "onnxruntime",
    "openai",
    "psycopg",
    "pyarrow",
    "sqlalchemy",
    "tokenizers",
    "torch",
    "xberg",
]


def test_imports_point_one_way():
    """Doors → wire → app → serve → stages → language → ports → types, and adapters know no stage: see pyproject.toml."""
    # In a process of its own: it silences every logger that exists, and the tests after it would see no log.
    command = [str(Path(sys.executable).with_name("lint-imports")), "--config", str(ROOT / "pyproject.toml"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_importing_any_module_loads_no_heavy_library():
    """They load inside the function that needs them, so that every command starts fast. Adapters may import theirs at the top: `wire`
    imports the adapter itself only when it is opened."""
    exempt = {"testing", "store", "models", "sources", "web"}
    paths = [path.relative_to(PACKAGE.parent).with_suffix("") for path in python_files(PACKAGE)]
    modules = [".".join(path.parts) for path in paths if path.parts[1] not in exempt and path.name != "__main__"]
    program = (
        "import importlib, json, sys\n"
        "loaded = {}\n"
        "for module in json.loads(sys.argv[1]):\n"
        "    importlib.import_module(module.removesuffix('.__init__'))\n"
        "    for heavy in json.loads(sys.argv[2]):\n"
        "        if heavy in sys.modules: loaded.setdefault(heavy, module)\n"
        "print(json.dumps(loaded))\n"
    )
    command = [sys.executable, "-c", program, json.dumps(modules), json.dumps(HEAVY)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {}, "a library and the first module whose import loaded it"


def test_tests_of_stages_reach_the_package_by_its_public_names():
    """A test of one folder that needs a private name of another would freeze what should be free to change."""
    stages = ("retrieve", "answer", "guard", "index", "language", "serve", "app")
    wrong = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in python_files(ROOT / "tests")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if line.startswith("from firmground.") and line.split(".")[1].split()[0] in stages and " import _" in line
    ]
    assert wrong == []


def test_only_the_web_door_is_asynchronous():
    """And the protocol for agents, which is mounted in it. Two colours of function would have every helper written twice (decision 1). An
    adapter may drive an asynchronous library inside its private functions and its own parts (`lance_rows.py` is one of `lance.py`);
    what others call is synchronous."""
    coloured: list[str] = []
    for path in python_files(PACKAGE):
        folder = path.relative_to(PACKAGE).parts[0]
        module = ast.parse(path.read_text())
        if folder == "store" and "_" in path.stem:
            nodes = []
        elif folder in {"store", "models"}:
            classes = [node for node in module.body if isinstance(node, ast.ClassDef)]
            open_to_others = [node for scope in (module, *classes) for node in scope.body]
            nodes = [node for node in open_to_others if not getattr(node, "name", "_").startswith("_")]
        else:
            nodes = [] if folder in {"web", "mcp.py"} else list(ast.walk(module))
        coloured += [f"{name(path)}:{node.name}" for node in nodes if isinstance(node, ast.AsyncFunctionDef)]
    assert coloured == []
