"""What every level of tests may use."""

from pathlib import Path

import pytest

from firmground.models.weights import default_models_dir, ensure_default_model


@pytest.fixture(scope="session")
def default_model() -> Path:
    """Directory of the default embedding model, fetched once for this installation."""
    return ensure_default_model(default_models_dir())
