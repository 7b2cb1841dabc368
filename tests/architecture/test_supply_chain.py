"""What the product is made of is written down, let in by name, and pinned by content."""

import ast
import json
import re
import sys
import tomllib
from collections import defaultdict
from functools import cache
from importlib.metadata import packages_distributions, version
from typing import Any

import build_sbom
import check_licences
import pytest
import yaml
from locked import BASE, DEV, pins
from repository import PACKAGE, ROOT, name, python_files, tracked

from firmground.models.weights import FILES

COMES_WITH = {
    "h11": "uvicorn",
    "httpcore2": "httpx2",
    "idna": "httpx2",
    "joserfc": "authlib",
    "markupsafe": "jinja2",
    "mcp-types": "mcp",
    "pydantic-core": "pydantic",
    "spacy": "presidio-analyzer",
    "starlette": "fastapi",
}
"""Libraries that are imported and not declared, and the declared one that is built on them: naming both could tear them apart."""
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    return build_sbom.bill()


def canonical(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", requirement)[0]).lower()


@cache
def distributions() -> dict[str, set[str]]:
    """The packages that hold each module."""
    return {module: {canonical(each) for each in found} for module, found in packages_distributions().items()}


def declared(*, extras: bool) -> set[str]:
    project = PROJECT["project"]
    more = [each for group in project["optional-dependencies"].values() for each in group] if extras else []
    return {canonical(each) for each in (*project["dependencies"], *more)}


@cache
def imported() -> dict[str, set[str]]:
    """Each module of others that src imports at any depth of a file, and the files that do."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for path in python_files(PACKAGE):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                modules = [node.module] if node.module and not node.level else []
            elif isinstance(node, ast.Call) and ast.unparse(node.func) in {"import_module", "importlib.import_module"}:
                modules = [each.value for each in node.args[:1] if isinstance(each, ast.Constant)]
            else:
                modules = []
            for module in modules:
                found[module.split(".")[0]].add(name(path))
    return {module: paths for module, paths in found.items() if module not in sys.stdlib_module_names and module != "firmground"}


class TestBill:
    def test_it_holds_every_locked_package_with_the_hashes_of_the_lock_and_nothing_else(self, bill):
        # Read in another way than the tool does.
        blocks = re.findall(r"^(\S+)==(\S+)(.*?)(?=^\S|\Z)", BASE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
        locked = {(name, version): sorted(re.findall(r"sha256:(\w+)", rest)) for name, version, rest in blocks}
        libraries = [each for each in bill["components"] if each["type"] == "library"]
        listed = {(each["name"], each["version"]): sorted(held["content"] for held in each["hashes"]) for each in libraries}
        assert len(libraries) == len(listed) > 50
        assert listed == locked

    def test_it_holds_each_file_of_the_embedding_model(self, bill):
        [model] = [each for each in bill["components"] if each["type"] != "library"]
        assert {each["name"]: each["hashes"][0]["content"] for each in model["components"]} == FILES

    def test_it_names_a_licence_for_each_and_no_place_to_fetch_from(self, bill):
        assert [each["name"] for each in bill["components"] if not each["licenses"]] == []
        text = json.dumps({key: value for key, value in bill.items() if key != "$schema"})
        assert "://" not in text
        assert "repository_url" not in text

    def test_everything_needed_is_reached_from_the_product_and_the_rest_only_builds_it(self, bill):
        edges = {each["ref"]: each.get("dependsOn", []) for each in bill["dependencies"]}
        refs = {each["bom-ref"] for each in bill["components"]} | {bill["metadata"]["component"]["bom-ref"]}
        assert set(edges) == refs
        reached, todo = set[str](), [bill["metadata"]["component"]["bom-ref"]]
        while todo:
            at = todo.pop()
            todo += [] if at in reached else edges[at]
            reached.add(at)
        assert reached == refs
        assert {each["name"] for each in bill["components"] if each.get("scope") == "excluded"} >= {"hatchling", "editables"}

    def test_it_keeps_the_published_schema_and_comes_out_the_same_each_time(self):
        first = build_sbom.text()
        assert first == build_sbom.text()
        assert json.loads(first)["specVersion"] == "1.6"

    def test_a_bill_that_breaks_the_schema_is_not_written(self, monkeypatch):
        monkeypatch.setattr(build_sbom, "bill", lambda: {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{}]})
        with pytest.raises(ValueError, match="breaks its schema"):
            build_sbom.text()


class TestLicences:
    known = check_licences.rules()

    def test_everything_locked_is_let_in(self):
        assert check_licences.problems(pins(BASE), pins(DEV), self.known) == []

    @pytest.mark.parametrize(
        "says", ["AGPL-3.0-only", "BUSL-1.1", "SSPL-1.0", "GPL-3.0-or-later", "MPL-2.0", "MIT AND GPL-2.0-only"]
    )
    def test_a_licence_that_asks_much_is_refused_by_name(self, says):
        said = check_licences.wrong("somepackage", says, self.known.allowed, self.known)
        assert said.startswith("somepackage is ")

    @pytest.mark.parametrize("says", [None, "", "Proprietary", "BSD", "see LICENSE"])
    def test_a_licence_that_cannot_be_told_is_refused_by_name(self, says):
        said = check_licences.wrong("somepackage", says, self.known.allowed, self.known)
        assert said.startswith("somepackage ")
        assert "read its licence" in said

    @pytest.mark.parametrize("says", ["MIT", "Apache-2.0 OR GPL-3.0-only", "MIT AND BSD-3-Clause", "Apache Software License"])
    def test_a_licence_that_asks_nothing_of_our_code_is_let_in(self, says):
        assert check_licences.wrong("somepackage", says, self.known.allowed, self.known) == ""

    def test_an_exception_is_for_one_package_and_one_licence(self):
        assert check_licences.wrong("psycopg", "LGPL-3.0-only", self.known.allowed, self.known) == ""
        assert "AGPL" in check_licences.wrong("psycopg", "AGPL-3.0-only", self.known.allowed, self.known)
        assert "LGPL" in check_licences.wrong("otherpackage", "LGPL-3.0-only", self.known.allowed, self.known)
        assert all(len(each["reason"]) > 20 for each in self.known.excepted.values())

    def test_a_package_that_begins_to_write_something_else_is_asked_for_again(self):
        assert "now writes 'BUSL-1.1'" in check_licences.wrong("scipy", "BUSL-1.1", self.known.allowed, self.known)

    def test_whatever_tests_alone_may_use_is_not_let_into_the_product(self):
        assert check_licences.wrong("somepackage", "MPL-2.0", self.known.allowed_in_tests, self.known) == ""
        assert check_licences.wrong("somepackage", "MPL-2.0", self.known.allowed, self.known) != ""


class TestDependencies:
    def test_the_program_imports_only_what_it_declares(self):
        allowed = declared(extras=True) | set(COMES_WITH) | {"pytest"}  # contract suites in firmground.testing run under pytest
        undeclared = {module: paths for module, paths in imported().items() if not distributions().get(module, set()) & allowed}
        assert undeclared == {}

    def test_what_it_declares_it_imports(self):
        used = {each for module in imported() for each in distributions().get(module, ())}
        assert declared(extras=True) - used == set()

    def test_what_comes_with_a_declared_library_is_locked_because_of_it(self):
        wanted_by = {pin.name: pin.wanted_by for pin in pins(DEV)}
        assert [name for name, by in COMES_WITH.items() if by not in wanted_by[name] or by not in declared(extras=True)] == []

    def test_what_would_tell_its_maker_is_loaded_in_one_place(self):
        """There it is told not to, before it loads; what that comes to is looked at in tests/unit/models/test_onnx_embedder.py."""
        assert imported()["onnxruntime"] == {"src/firmground/models/runtime.py"}

    def test_what_it_declares_is_locked_and_installed_as_locked(self):
        locked = {(pin.name, pin.version) for pin in pins(BASE)}
        assert declared(extras=False) - {name for name, _ in locked} == set()
        assert [each for each in sorted(declared(extras=False)) if (each, version(each)) not in locked] == []

    def test_both_locks_pin_the_same(self):
        dev = {(pin.name, pin.version): pin.hashes for pin in pins(DEV)}
        different = [pin.name for pin in pins(BASE) if dev.get((pin.name, pin.version)) != pin.hashes]
        assert different == []


class TestInstalling:
    def test_whatever_installs_the_product_checks_hashes_or_installs_what_lies_here(self):
        for path in (ROOT / "Makefile", ROOT / "deploy" / "Containerfile"):
            for line in path.read_text(encoding="utf-8").splitlines():
                if re.search(r"(?:\bpip|PIP\)) install\b", line):
                    here = "--no-deps --no-build-isolation" in line and re.search(r" \.(?:\s|$)", line)
                    assert "--require-hashes --no-deps" in line or here, f"{name(path)}: {line}"

    def test_nothing_is_fetched_by_a_program_that_compares_no_hash(self):
        for path in (ROOT / "Makefile", ROOT / "deploy" / "Containerfile", ROOT / ".ci" / "run"):
            assert re.findall(r"\b(?:curl|wget|npx?|git clone)\b", path.read_text(encoding="utf-8")) == [], name(path)

    def test_images_have_one_name_and_can_be_pinned_by_digest(self):
        """The files hold no digest: it would keep yesterday's holes. Whoever builds decides, in one place each."""
        text = (ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8")
        assert set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) == {"${PYTHON_IMAGE}"}
        services = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))["services"]
        assert services["database"]["image"].startswith("${POSTGRES_IMAGE:-")
        guide = (ROOT / "docs" / "how-to" / "run-it-on-a-server.md").read_text(encoding="utf-8")
        assert {"PYTHON_IMAGE", "POSTGRES_IMAGE"} <= set(re.findall(r"[A-Z]+_IMAGE", guide))


class TestSource:
    def test_no_file_is_shown_in_another_order_than_it_is_read(self):
        """Letters that turn the direction of writing make a reviewer see another program than the one that runs."""
        turning = re.compile("[\u202a-\u202e\u2066-\u2069\U000e0001-\U000e007f]")
        text = [path for path in tracked() if path.suffix not in {".png", ".mo", ".pdf", ".docx", ".pptx", ".xlsx"}]
        assert len(text) > 500
        assert [name(path) for path in text if turning.search(path.read_text(encoding="utf-8", errors="replace"))] == []

    def test_no_file_holds_a_private_key(self):
        key = re.compile(rb"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----\s+[A-Za-z0-9+/=]{20}")
        assert [name(path) for path in tracked() if key.search(path.read_bytes())] == []
