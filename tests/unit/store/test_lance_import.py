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
import lance_namespace
assert lance_namespace.CreateTableRequest.model_fields
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
