"""lancedb comes in without what it never uses here, and nobody else notices."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("first", ["", "import lance_namespace", "import lancedb"])
def test_the_catalogue_client_is_left_out_and_still_there_for_others(first: str):
    code = f"""
{first}
from firmground.store.lance_import import lancedb
import sys
known = "lance_namespace" in sys.modules
assert lancedb().connect_async and lancedb("index").FTS
assert ("lance_namespace" in sys.modules) == known == bool({first!r})
import lance_namespace, overrides
assert lance_namespace.CreateTableRequest.model_fields and overrides.__VERSION__
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_no_bytecode_is_read_to_check_its_methods():
    code = """
import dis, sys
def read(*_): raise AssertionError("bytecode is read")
dis.get_instructions = read
from firmground.store.lance_import import lancedb
assert lancedb().connect_async and "overrides" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
