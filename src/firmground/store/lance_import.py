"""Imports lancedb without the client of a catalogue service that a local index never calls, and without taking it apart.

`lancedb` imports `lance_namespace`, whose generated models are more than half of its import time (0.57 of 1.03 s; every `firmground
search` would wait for them). While lancedb is imported they are stand-ins, classes without content; afterwards whoever imports
`lance_namespace` gets the real one. On Python 3.11 it marks methods with `overrides`, which reads the bytecode of whole modules for each
of a hundred of them (a quarter of the rest); meanwhile they are marked as the standard library does it since 3.12, which checks nothing.
lancedb is pinned, and the contract suite runs on what this gives.
"""

import os
import sys
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from threading import Lock
from types import ModuleType
from typing import Any

_UNUSED = ("lance_namespace", "lance_namespace_urllib3_client", "overrides")
_lock = Lock()


def lancedb(part: str = "") -> Any:
    """The module `lancedb`, or `lancedb.<part>`. Its calls are untyped, hence Any."""
    with _lock:
        if "lancedb" not in sys.modules and not any(name in sys.modules for name in _UNUSED):
            # Its warnings are about its own insides and would land on a person's terminal.
            os.environ.setdefault("LANCE_LOG", "error")
            finder = _StandIns()
            sys.meta_path.insert(0, finder)
            sys.modules["overrides"] = _unchecked()
            try:
                import_module("lancedb")
            finally:
                sys.meta_path.remove(finder)
                for name in [name for name in sys.modules if name.split(".")[0] in _UNUSED]:
                    del sys.modules[name]
    return import_module(f"lancedb.{part}" if part else "lancedb")


def _unchecked() -> ModuleType:
    module = ModuleType("overrides")
    module.__dict__.update(override=lambda method: method, EnforceOverrides=object)  # pyright: ignore[reportUnknownLambdaType]
    return module


@cache
def _stand_in(name: str) -> type:
    """One class a name, whichever module it is asked of: signatures are compared. Some stand in except clauses."""
    return type(name, (Exception,), {})


class _StandIn(ModuleType):
    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return _stand_in(name)


class _StandIns(MetaPathFinder, Loader):
    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        del path, target
        return ModuleSpec(fullname, self, is_package=True) if fullname.split(".", maxsplit=1)[0] in _UNUSED else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing in it."""
