"""What an earlier answer would be on another release."""

from pathlib import Path

import pytest

from firmground.app.asking.answers import ask
from firmground.app.asking.kept import listed
from firmground.app.corpus.sync import sync
from firmground.app.evaluating.asking_again import ask_again
from firmground.app.launching import releases
from firmground.errors import NotFound, Refused
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, COLLEAGUE, Bench

QUESTION = "How many years does the anchor last?"


def settings(**answer: object) -> Settings:
    return Settings.model_validate({"answer": {"threshold": 0.01, **answer}})


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path, settings=settings())
    made.source.contents["anchor.md"] = b"# The anchor\n\nThe anchor lasts 3 years before it is replaced.\n"
    made.source.contents["beacon.md"] = b"# The beacon\n\nThe beacon lasts 4 years before it is replaced.\n"
    with made.app() as app:
        sync(app, ADMINISTRATOR)
        releases.create(app, ADMINISTRATOR)
    return made


def test_another_release_says_the_same_or_something_else_and_nothing_is_kept(bench: Bench):
    with bench.app() as app:
        given = ask(app, COLLEAGUE, QUESTION)
        assert ask_again(app, ADMINISTRATOR, given.id, "1").outcome == "same"
    bench.settings = settings(threshold=0.999)
    with bench.app() as app:
        before = len(listed(app, ADMINISTRATOR))
        found = ask_again(app, ADMINISTRATOR, given.id, "candidate")
        assert (found.outcome, found.before, found.now.status) == ("different", given, "abstained")
        assert ask_again(app, ADMINISTRATOR, given.id, "1").outcome == "same"
        assert len(listed(app, ADMINISTRATOR)) == before


def test_it_is_asked_with_the_rights_of_who_asked(bench: Bench):
    bench.source.file_groups["anchor.md"] = ("captains",)
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        given = ask(app, COLLEAGUE, QUESTION)
        assert "3 years" not in given.text
        again = ask_again(app, ADMINISTRATOR, given.id, "1").now
        assert "3 years" not in again.text
        assert all("anchor" not in passage.uri for passage in again.closest)
        narrowed = ask(app, COLLEAGUE, "How long does it last?", filters={"uri": "beacon.md"})
        assert {each.uri for each in ask_again(app, ADMINISTRATOR, narrowed.id, "1").now.citations} <= {"docs/beacon.md"}


def test_it_is_understood_as_in_its_conversation(bench: Bench):
    with bench.app() as app:
        first = ask(app, COLLEAGUE, QUESTION)
        second = ask(app, COLLEAGUE, "And the beacon?", conversation=first.conversation)
        ask(app, COLLEAGUE, "What about lunch?", conversation=first.conversation)
        assert ask_again(app, ADMINISTRATOR, second.id, "1").now.reasons == second.reasons


def test_only_administrators_ask_again_and_only_releases_that_are_there(bench: Bench):
    with bench.app() as app:
        given = ask(app, COLLEAGUE, QUESTION)
        with pytest.raises(Refused, match="may not ask a release again"):
            ask_again(app, COLLEAGUE, given.id, "1")
        with pytest.raises(NotFound, match="no release '7'"):
            ask_again(app, ADMINISTRATOR, given.id, "7")
        with pytest.raises(NotFound, match="no answer 'none'"):
            ask_again(app, ADMINISTRATOR, "none", "1")
