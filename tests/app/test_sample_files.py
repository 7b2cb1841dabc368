"""Everybody's sample is the same, however and whenever it came to them."""

from pathlib import Path

from firmground.app.setup import init
from firmground.settings import load_workspace


def test_the_files_of_two_samples_have_the_same_times(tmp_path: Path):
    """Which of two documents speaks may depend on them."""
    one, two = (init(tmp_path / name, sample=True) / "documents" for name in ("one", "two"))
    times = {path.relative_to(one): path.stat().st_mtime for path in one.rglob("*") if path.is_file()}
    assert len(times) > 90
    assert times == {path.relative_to(two): path.stat().st_mtime for path in two.rglob("*") if path.is_file()}
    assert len(set(times.values())) == 1


def test_the_sample_masks_what_its_people_alone_should_read_and_a_new_workspace_leaves_that_to_its_owner(tmp_path: Path):
    for sample, becomes in ((True, "mask"), (False, "allow")):
        (source,) = load_workspace(init(tmp_path / becomes, sample=sample), {}).settings.sources
        assert (source.personal_data, source.personal_data_for) == (becomes, ())
