"""Documents that people give to the workspace: who may, who sees them, and how they go again."""

from pathlib import Path

import pytest

from firmground.app.access.people import add_group
from firmground.app.app import App
from firmground.app.asking.answers import ask
from firmground.app.asking.readiness import LEFT, plan_of
from firmground.app.corpus import documents, uploads
from firmground.app.corpus.sync import sync
from firmground.errors import InvalidInput, NotAllowed, NotFound, Refused
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, COLLEAGUE, Bench
from firmground.types import Actor

TOWER = b"# The tower\n\nThe tower of Brennholm has exactly ninety-one steps.\n"
HR = Actor(person="hanna", groups=frozenset({"public", "everyone", "hr"}))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path, settings=Settings.model_validate({"answer": {"threshold": 0.001}}))
    bench.source.contents["leave.md"] = b"# Leave\n\nFive vacation days may be carried over.\n"
    return bench


def upload(app: App, content: bytes = TOWER, name: str = "tower.md", groups: tuple[str, ...] | None = ("everyone",)) -> None:
    uploads.upload(app, ADMINISTRATOR, name, [content], groups)
    sync(app, ADMINISTRATOR, ["uploads"])


def listed(app: App, actor: Actor = ADMINISTRATOR) -> list[str]:
    return [f"{each.source}/{each.uri}" for each in documents.listed(app, actor)]


def test_nothing_new_is_anywhere_before_something_is_uploaded(bench: Bench):
    with bench.app() as app:
        report = sync(app, ADMINISTRATOR)
        assert [each["source"] for each in report["sources"]] == ["docs"]
        assert list(app.sources) == ["docs"]
    assert not (bench.root / ".firmground" / "uploads").exists()


def test_an_upload_is_asked_by_those_who_may_see_it_also_in_a_process_that_was_open_before(bench: Bench):
    with bench.app() as app, bench.app() as other:
        sync(app, ADMINISTRATOR)
        assert list(other.sources) == ["docs"]
        add_group(app, ADMINISTRATOR, "hr")
        upload(app, groups=("hr",))
        assert list(other.sources) == ["docs", "uploads"]
        assert listed(app, HR) == ["docs/leave.md", "uploads/tower.md"]
        assert listed(app, COLLEAGUE) == ["docs/leave.md"]
        answer = ask(app, HR, "How many steps has the tower of Brennholm?")
        assert [each.uri for each in answer.citations] == ["uploads/tower.md"]


def test_uploads_are_for_administrators(bench: Bench):
    with bench.app() as app:
        with pytest.raises(NotAllowed):
            uploads.upload(app, COLLEAGUE, "a.md", [b"a"])
        with pytest.raises(NotAllowed):
            uploads.receive(app, COLLEAGUE)
    assert not (bench.root / ".firmground" / "uploads").exists()


def test_a_group_that_does_not_exist_is_refused_before_anything_is_sent(bench: Bench):
    with bench.app() as app, pytest.raises(InvalidInput, match="there is no group 'hrr'"):
        uploads.check(app, ADMINISTRATOR, "a.md", ["hrr"])


def test_a_name_that_is_taken_is_refused_where_nothing_shall_be_replaced(bench: Bench):
    with bench.app() as app:
        upload(app)
        with pytest.raises(Refused, match="already"):
            uploads.check(app, ADMINISTRATOR, "tower.md", replace=False)


def test_a_new_version_replaces_the_document_and_stays_with_its_groups(bench: Bench):
    with bench.app() as app:
        upload(app)
        [before] = documents.listed(app, COLLEAGUE)
        upload(app, TOWER.replace(b"ninety-one", b"ninety-two"), groups=None)
        [after] = documents.listed(app, COLLEAGUE)
        assert after.id == before.id
        assert "ninety-two" in documents.show(app, COLLEAGUE, after.id)["text"]


def test_a_purged_upload_is_gone_with_its_file_and_may_come_again(bench: Bench):
    with bench.app() as app:
        upload(app)
        ask(app, COLLEAGUE, "How many steps has the tower of Brennholm?")
        assert documents.purge(app, ADMINISTRATOR, "uploads/tower.md").state == "removed"
        assert listed(app) == []
        assert list((bench.root / ".firmground" / "uploads").iterdir()) == []
        with pytest.raises(NotFound):
            documents.show(app, ADMINISTRATOR, "uploads/tower.md")
        sync(app, ADMINISTRATOR)
        assert listed(app) == ["docs/leave.md"]
        upload(app)
        assert listed(app, COLLEAGUE) == ["docs/leave.md", "uploads/tower.md"]


def test_an_upload_while_a_sync_waits_after_it_looked_is_taken_in_by_another(bench: Bench):
    with bench.app() as app:
        upload(app)
        first = uploads.take_in(app, ADMINISTRATOR)
        assert uploads.take_in(app, ADMINISTRATOR).id == first.id
        with app.database.transaction() as tx:
            tx.put_fact(plan_of(first.id), LEFT, 0)
        assert uploads.take_in(app, ADMINISTRATOR).id != first.id


def test_who_rests_on_a_document_is_told_to_administrators_and_of_oneself(bench: Bench):
    with bench.app() as app:
        upload(app)
        mine = ask(app, COLLEAGUE, "How many steps has the tower of Brennholm?")
        theirs = ask(app, HR, "How many steps has the tower of Brennholm?")
        assert [each.id for each in documents.answers_of(app, ADMINISTRATOR, "uploads/tower.md")] == [theirs.id, mine.id]
        assert [each.id for each in documents.answers_of(app, COLLEAGUE, "uploads/tower.md")] == [mine.id]
        assert documents.answers_of(app, ADMINISTRATOR, "uploads/tower.md", limit=1) == [theirs]


def test_the_original_is_what_was_taken_in_or_nothing(bench: Bench):
    with bench.app() as app:
        upload(app)
        document, content = documents.original(app, COLLEAGUE, "uploads/tower.md")
        assert (document.uri, content) == ("tower.md", TOWER)
        uploads.upload(app, ADMINISTRATOR, "tower.md", [b"for nobody else"], ())
        with pytest.raises(NotFound, match="has changed"):
            documents.original(app, COLLEAGUE, "uploads/tower.md")


def test_documents_are_paged_among_those_that_one_may_see(bench: Bench):
    bench.source.contents.update({f"{number}.md": f"# {number}\n\nText {number}.\n".encode() for number in range(6)})
    bench.source.file_groups.update({f"{number}.md": ("hr",) for number in (0, 2, 4)})
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        first = documents.listed(app, COLLEAGUE, limit=2)
        assert [each.uri for each in first] == ["1.md", "3.md"]
        rest = documents.listed(app, COLLEAGUE, after="docs/3.md", limit=9)
        assert [each.uri for each in rest] == ["5.md", "leave.md"]
        assert documents.listed(app, COLLEAGUE, state="quarantined") == []
        assert sum(documents.counted(app, COLLEAGUE).values()) == 4
        assert sum(documents.counted(app, ADMINISTRATOR).values()) == 7
