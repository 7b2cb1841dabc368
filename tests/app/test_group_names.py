"""Groups get other names, and end, without anybody seeing more or less."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from firmground.app.access import people
from firmground.app.access.group_names import remove_group, rename_group
from firmground.app.app import App
from firmground.app.corpus.documents import listed
from firmground.app.corpus.sync import sync
from firmground.errors import InvalidInput, NotAllowed, NotFound, Refused
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, COLLEAGUE, Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    named = {"sources": [{"name": "other", "path": "x", "groups": ["board"], "rules": [{"match": "a/**", "groups": ["law"]}]}]}
    bench = Bench(tmp_path, settings=Settings.model_validate(named))
    bench.source.contents["pay.md"] = b"# Pay\n\nA senior surveyor earns 61,000 euro.\n"
    bench.source.groups = ("hr",)
    return bench


@pytest.fixture
def app(bench: Bench) -> Iterator[App]:
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        people.add_person(app, ADMINISTRATOR, "ada", groups=["hr"])
        yield app


def seen(app: App, person: str) -> list[str]:
    with app.database.reading() as tx:
        actor = tx.actor(person)
    return [document.uri for document in listed(app, actor)]


def test_what_its_places_still_call_so_is_not_renamed_and_then_nobody_sees_less(app: App, bench: Bench):
    with pytest.raises(Refused, match="the source docs still names the group 'hr'"):
        rename_group(app, ADMINISTRATOR, "hr", "people")
    assert seen(app, "ada") == ["pay.md"]
    bench.source.groups = ("people",)
    rename_group(app, ADMINISTRATOR, "hr", "people")
    assert seen(app, "ada") == ["pay.md"]
    assert people.groups(app, ADMINISTRATOR) == {"people": ["ada"]}
    sync(app, ADMINISTRATOR)
    assert seen(app, "ada") == ["pay.md"]


def test_settings_and_a_provider_that_name_it_are_told(app: App):
    people.add_group(app, ADMINISTRATOR, "board")
    people.add_group(app, ADMINISTRATOR, "law")
    for group, place in (("board", "the source other"), ("law", r"the rule a/\*\* of the source other")):
        for act in (
            lambda group=group: rename_group(app, ADMINISTRATOR, group, "x"),
            lambda group=group: remove_group(app, ADMINISTRATOR, group),
        ):
            with pytest.raises(Refused, match=place):
                act()
    with app.database.transaction() as tx:
        tx.add_member("it", "ada", origin="https://id.example")
    with pytest.raises(Refused, match="the provider"):
        rename_group(app, ADMINISTRATOR, "it", "x")


def test_names_that_look_alike_or_are_taken_are_refused_for_groups_too(app: App):
    for name in ("HR", "hr\N{ZERO WIDTH SPACE}", "h\N{CYRILLIC SMALL LETTER ER}", "Everyone", ""):
        with pytest.raises(InvalidInput):
            people.add_group(app, ADMINISTRATOR, name)
    people.add_group(app, ADMINISTRATOR, "works")
    for name in ("hr", "HR", "public"):
        with pytest.raises(InvalidInput):
            rename_group(app, ADMINISTRATOR, "works", name)
    with pytest.raises(NotFound, match="did you mean 'works'"):
        rename_group(app, ADMINISTRATOR, "work", "x")


def test_what_was_done_is_on_record_and_for_administrators(app: App):
    people.add_group(app, ADMINISTRATOR, "works")
    for act in (lambda: rename_group(app, COLLEAGUE, "works", "x"), lambda: remove_group(app, COLLEAGUE, "works")):
        with pytest.raises(NotAllowed):
            act()
    rename_group(app, ADMINISTRATOR, "works", "yard")
    with app.database.reading() as tx:
        renamed = tx.last_entry()
    remove_group(app, ADMINISTRATOR, "yard")
    with pytest.raises(Refused, match="people in"):
        remove_group(app, ADMINISTRATOR, "hr")
    with app.database.reading() as tx:
        removed = tx.last_entry()
    assert renamed is not None
    assert removed is not None
    assert (renamed.kind, renamed.subject, renamed.detail["before"]) == ("group.renamed", "yard", "works")
    assert (removed.kind, removed.subject) == ("group.removed", "yard")
