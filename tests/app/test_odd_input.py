"""Odd names, labels and filters do no harm."""

from pathlib import Path
from typing import Any

import pytest

from firmground.app.access import people
from firmground.app.asking.search import within
from firmground.app.corpus import documents
from firmground.app.corpus.sync import sync
from firmground.errors import InvalidInput
from firmground.sources.matter import Matter
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.types import Parsed


class FrontMatterParser:
    """The parser's own reading of front matter, in this process."""

    id = "front-matter"

    def parse(self, uri: str, content: bytes) -> Parsed:
        del uri
        matter = Matter(content.decode())
        return Parsed(
            text=matter.body, media_type="text/markdown", title=matter.title, groups=matter.groups, metadata=matter.metadata
        )

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    ("head", "hidden"),
    [
        (f"groups: [{'g' * 201}]", True),
        ('groups: ["a\\tb"]', True),
        ('groups: ["\\ud83d"]', True),
        ('title: "a\\0b"', False),
        ('title: "\\ud800"', False),
        (f"title: {'t' * 60_000}", False),
        ('"\\0": x', False),
        (f'"{"k" * 3000}": x', True),
    ],
)
def test_odd_front_matter_hides_at_most_its_own_document(tmp_path: Path, head: str, hidden: bool):
    bench = Bench(tmp_path, parser_=FrontMatterParser())
    bench.source.contents = {"odd.md": f"---\n{head}\n---\nA text about the lift.".encode(), "plain.md": b"Another text."}
    with bench.app() as app:
        assert sync(app, ADMINISTRATOR)["totals"]["documents"]["added"] == 2
        assert (documents.show(app, ADMINISTRATOR, "odd.md")["groups"] == []) is hidden
        assert len(documents.show(app, ADMINISTRATOR, "odd.md")["title"]) <= 2000


@pytest.mark.parametrize("wanted", [10**400, -(2**63), {"from": 10**30}, [1, 10**30]])
def test_a_filter_with_a_number_beyond_the_database_is_refused_in_words(tmp_path: Path, wanted: object):
    with Bench(tmp_path).app() as app, pytest.raises(InvalidInput, match="too large"):
        within(app, ADMINISTRATOR, {"size": wanted})


def test_a_group_and_its_members_are_known_without_the_spaces_around_their_names(tmp_path: Path):
    with Bench(tmp_path).app() as app:
        people.add_person(app, ADMINISTRATOR, " ann ")
        people.add_group(app, ADMINISTRATOR, " legal ", members=[" ann"])
        assert "legal" in people.people(app, ADMINISTRATOR)["ann"]


@pytest.mark.parametrize(
    "filters",
    [{f"key {n}": 1 for n in range(21)}, {"uri": ["x"] * 1001}, {"uri": ["x"] * 600, "title": ["y"] * 401}],
)
def test_more_filters_than_anybody_needs_are_refused_before_any_is_looked_up(
    tmp_path: Path, filters: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    with Bench(tmp_path).app() as app:
        monkeypatch.setattr(type(app.database), "reading", None)
        with pytest.raises(InvalidInput, match="filters with"):
            within(app, ADMINISTRATOR, filters)
