"""Nothing of a document that a person may not see reaches them by any way of asking, whatever is changed in between."""

from pathlib import Path

import pytest

from firmground.app.corpus import documents
from firmground.app.corpus.sync import sync
from firmground.errors import NotFound
from firmground.testing.app import ADMINISTRATOR, COLLEAGUE, Bench
from firmground.testing.curious import Curious


def test_nobody_gets_a_word_a_title_a_count_or_an_id_of_what_they_may_not_see(tmp_path: Path):
    world = Curious(tmp_path, seed=20261121, count=16)
    for number in range(300):
        if number % 8 == 7:
            world.change()
        world.trial()
    assert len(world.doors) > 8, "every way was tried"
    assert [(leak.door, leak.found) for leak in world.leaks] == []
    world.close()


def test_a_source_that_shows_a_person_nothing_does_not_exist_for_them(tmp_path: Path):
    bench = Bench(tmp_path)
    bench.source.contents["a.md"] = b"# A\n\nThe lift is out of order until Friday.\n"
    bench.source.groups = ("hr",)
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        told: list[str] = []
        for name in ("docs", "dogs"):
            with pytest.raises(NotFound) as refused:
                documents.listed(app, COLLEAGUE, source=name)
            told.append(str(refused.value).replace(name, "…"))
        assert told[0] == told[1]


def test_the_hunt_finds_what_is_told_to_the_wrong_person(tmp_path: Path):
    world = Curious(tmp_path, seed=1, count=12)
    secret = next(each for each in world.secrets if not each.groups)
    actor = world.actor("ada")
    world.check("answer", actor, f"They say {secret.words['text'].upper()}.", set())
    world.check("answer", actor, f"See {secret.id}.", set())
    world.check("answer", actor, f"They say {secret.words['text']}.", {secret.words["text"]})
    assert [leak.found.split()[0] for leak in world.leaks] == ["text", "id"]
    world.close()
