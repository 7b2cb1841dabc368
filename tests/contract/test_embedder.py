"""Every embedder keeps the contract of the `Embedder` port."""

import numpy as np
import pytest

from firmground.ports import Embedder
from firmground.testing.embedder import EmbedderContract, FakeEmbedder


class TestFakeEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> Embedder:
        return FakeEmbedder()


def test_the_fake_records_what_it_was_asked_to_embed():
    fake = FakeEmbedder()
    fake.embed(["one", "two"])
    fake.embed(["one"])
    assert fake.embedded == ["one", "two", "one"]


def test_the_fake_gives_the_same_vector_in_every_process():
    np.testing.assert_allclose(
        FakeEmbedder(dimension=4).embed(["firm ground"]), [[0.419305, 0.107441, -0.25622, -0.864286]], atol=1e-5
    )
