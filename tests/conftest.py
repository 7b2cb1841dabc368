"""What every level of tests may use."""

import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from firmground.models.weights import default_models_dir, ensure_default_model

# A commit passes or fails the same way each time; `make soak` searches at random, and longer.
settings.register_profile("change", derandomize=True, deadline=None)
settings.register_profile("soak", max_examples=int(os.environ.get("FIRMGROUND_EXAMPLES", "100")), deadline=None, print_blob=True)
settings.load_profile("soak" if "FIRMGROUND_EXAMPLES" in os.environ else "change")

# Where compiled modules are not kept, each of the processes that tests start compiles the house anew, which takes longer than its work.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Who starts this in the background may have it ignore Ctrl-C, and so would the processes that tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def default_model() -> Path:
    """Directory of the default embedding model, fetched once for this installation."""
    return ensure_default_model(default_models_dir())
