"""Writes the bill of materials of the base install: what locks/base.lock pins, and the embedding model, as CycloneDX 1.6 JSON.

Names, versions, hashes and who needs whom come from the lock, licences from the installed packages and tools/licences.toml. The same lock
gives the same bytes: there is no time and no serial number in it. It names no place to fetch from. Checked against the published schema
before it is written. `--check` writes nothing.
"""

import argparse
import json
import sys
import tomllib
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

from check_licences import licence, rules, written
from locked import BASE, ROOT, Pin, pins

from firmground.models.weights import DEFAULT_MODEL, FILES, REQUIREMENT

OUT = ROOT / "build" / "firmground.cdx.json"
_MODEL_LICENCE = "Apache-2.0"
_MODEL_REF = f"model:{DEFAULT_MODEL}"


def bill(lock: Path = BASE) -> dict[str, Any]:
    """The whole document. ValueError names a package whose licence cannot be told."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    root = {
        "type": "application",
        "bom-ref": f"firmground@{project['version']}",
        "name": "firmground",
        "version": project["version"],
        "description": project["description"],
        "licenses": _licences(project["license"]),
        "purl": _purl("firmground", project["version"]),
    }
    locked = pins(lock)
    needed = _needed(locked)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": root,
            "properties": [_property("lock:sha256", sha256(lock.read_bytes()).hexdigest())],
        },
        "components": [*(_component(pin, needed) for pin in locked), _model()],
        "dependencies": [
            {"ref": root["bom-ref"], "dependsOn": sorted({*_wanted_by("firmground", locked), _MODEL_REF})},
            *({"ref": _ref(pin), "dependsOn": _wanted_by(pin.name, locked)} for pin in locked),
            {"ref": _MODEL_REF},
        ],
    }


def _component(pin: Pin, needed: set[str]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": "library",
        "bom-ref": _ref(pin),
        "name": pin.name,
        "version": pin.version,
        "scope": "required" if pin.name in needed else "excluded",
        "hashes": _hashes(pin.hashes),
        "licenses": _licences(licence(pin.name, written(pin.name), rules())),
        "purl": _ref(pin),
    }
    return made | ({"properties": [_property("marker", pin.marker)]} if pin.marker else {})


def _model() -> dict[str, Any]:
    """The embedding model: the package that holds it, and each file with the hash that the program compares."""
    name, _, rest = REQUIREMENT.partition("==")
    version, _, hashed = rest.partition(" --hash=sha256:")
    return {
        "type": "machine-learning-model",
        "bom-ref": _MODEL_REF,
        "name": DEFAULT_MODEL,
        "version": version,
        "hashes": _hashes([hashed]),
        "licenses": _licences(_MODEL_LICENCE),
        "purl": _purl(name, version),
        "components": [
            {"type": "file", "bom-ref": f"{_MODEL_REF}/{path}", "name": path, "hashes": _hashes([held])}
            for path, held in sorted(FILES.items())
        ],
    }


def _needed(locked: list[Pin]) -> set[str]:
    """Names of what the program itself needs; the rest builds it."""
    needed = {pin.name for pin in locked if "" in pin.groups}
    while more := {pin.name for pin in locked if needed & set(pin.wanted_by)} - needed:
        needed |= more
    return needed


def _wanted_by(name: str, locked: list[Pin]) -> list[str]:
    return sorted(_ref(pin) for pin in locked if name in pin.wanted_by)


def _ref(pin: Pin) -> str:
    return _purl(pin.name, pin.version)


def _purl(name: str, version: str) -> str:
    return f"pkg:pypi/{name}@{version}"


def _hashes(held: Iterable[str]) -> list[dict[str, str]]:
    """Of each file that is accepted: one for each machine and Python."""
    return [{"alg": "SHA-256", "content": each} for each in held]


def _licences(expression: str) -> list[dict[str, Any]]:
    return [{"expression": expression}] if " " in expression else [{"license": {"id": expression}}]


def _property(name: str, value: str) -> dict[str, str]:
    return {"name": f"firmground:{name}", "value": value}


def text() -> str:
    """The document as it is written; ValueError where the schema does not hold."""
    made = json.dumps(bill(), indent=1, ensure_ascii=False) + "\n"
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator  # takes seconds to load, and most of this needs it not

    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(made)
    if problem is not None:
        raise ValueError(f"the bill of materials breaks its schema: {str(problem)[:300]}")
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    try:
        made = text()
    except ValueError as error:
        sys.exit(str(error))
    if not asked.check:
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text(made, encoding="utf-8")
        print(asked.out)


if __name__ == "__main__":
    main()
