"""What every level of tests may use."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from firmground.models.weights import default_models_dir, ensure_default_model

# A commit passes or fails the same way each time; `make soak` searches at random, and longer.
settings.register_profile("change", derandomize=True, deadline=None)
settings.register_profile("soak", max_examples=int(os.environ.get("FIRMGROUND_EXAMPLES", "100")), deadline=None, print_blob=True)
settings.load_profile("soak" if "FIRMGROUND_EXAMPLES" in os.environ else "change")


@pytest.fixture(scope="session")
def default_model() -> Path:
    """Directory of the default embedding model, fetched once for this installation."""
    return ensure_default_model(default_models_dir())
