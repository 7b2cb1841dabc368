"""The part of the contract of `Database` that is about documents and builds; the whole is `firmground.testing.database`."""
# ruff: noqa: S101 - a contract suite asserts

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeAlias

import pytest

from firmground.errors import InvalidInput, NotFound
from firmground.ports import Database, Filters, Transaction
from firmground.types import Chunk, Document, Page, Span

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY_NS = 86_400 * 10**9
BUILD = "build-a"
Change: TypeAlias = Callable[[Transaction], object]


def a_document(uri: str = "a.md", *, id: str = "", source: str = "handbook", **fields: Any) -> Document:
    """A new document, not yet saved."""
    defaults: dict[str, Any] = {
        "id": id or f"id-{source}-{uri}",
        "number": 0,
        "source": source,
        "uri": uri,
        "state": "indexed",
        "title": f"Title of {uri}",
        "groups": ("everyone",),
        "added_at": NOON,
        "updated_at": NOON,
    }
    return Document(**{**defaults, **fields})


def chunks_of(document: Document, *spans: tuple[int, int], **fields: Any) -> list[Chunk]:
    """Chunks with ids that name document, revision and span."""
    return [
        Chunk(id=f"{document.id}-{start}-{end}", document=document.number, ordinal=n, start=start, end=end, **fields)
        for n, (start, end) in enumerate(spans)
    ]


class DocumentsContract:
    """Subclass it, and give a fixture `database` and a way to open the same data once more."""

    @pytest.fixture
    def database(self) -> Database:
        """Fresh and empty; short of patience (a second or so)."""
        raise NotImplementedError

    def reopened(self, database: Database) -> Database:
        """Another `Database` on the same data, as another process would open it."""
        raise NotImplementedError

    def saved(self, database: Database, *documents: Document, text: str | None = None) -> list[Document]:
        with database.transaction() as tx:
            return [tx.save_document(document, text=text) for document in documents]

    def matching(self, database: Database, filters: Filters) -> set[str]:
        """Uris of the indexed documents within."""
        with database.reading() as tx:
            within = tx.documents_matching(filters)
            indexed = tx.documents(state="indexed")
        assert within.scopes is None
        return {
            document.uri
            for document in indexed
            if document.number not in within.excluded and (within.documents is None or document.number in within.documents)
        }

    # ------------------------------------------------------------ documents

    def test_a_document_comes_back_as_it_was_saved(self, database: Database):
        document = a_document(
            "a/b ü.pdf",
            title="Größe 😀",
            language="de",
            media_type="application/pdf",
            content_hash="f00",
            stamp="1-2-3",
            size=5 * 10**9,
            modified_ns=1_700_000_000_000_000_001,
            groups=("law", "hr"),
            metadata={"year": 2024, "draft": False, "tags": ("a", "b"), "share": 0.5, "name": "x"},
            pages=(Page(number=1, start=0, end=3), Page(number=2, start=3, end=6)),
            detail="something",
        )
        with database.transaction() as tx:
            saved = tx.save_document(document, text="abcdef", spans=[Span(kind="email", start=1, end=3, score=0.5)])
            assert (saved.revision, saved.characters, saved.groups) == (1, 6, ("hr", "law"))
            assert saved.number > 0
            assert saved.scope == tx.scope(["hr", "law"])
        expected = document.model_copy(
            update={"number": saved.number, "revision": 1, "characters": 6, "scope": saved.scope, "groups": ("hr", "law")}
        )
        with database.reading() as tx:
            assert tx.document(document.id) == saved == expected
            assert tx.documents_named([document.id, "unknown"]) == {document.id: saved}
            assert tx.documents_numbered([saved.number, 99]) == {saved.number: saved}
            assert tx.documents_at(saved.source, [saved.uri, "elsewhere.md"]) == [saved]
            assert (tx.documents_at("another", [saved.uri]), tx.documents_at(saved.source, [])) == ([], [])
            assert tx.documents() == [saved]
            assert tx.text(saved.number) == "abcdef"
            assert tx.spans(saved.number) == [Span(kind="email", start=1, end=3, score=0.5)]
            assert tx.document("unknown") is None
        assert Document.model_validate(saved.model_dump()) == saved

    def test_documents_are_ordered_by_source_and_uri_and_can_be_paged(self, database: Database):
        uris = ["a.md", "a/b.md", "B.md", "z.md", "ä.md"]
        self.saved(database, *(a_document(uri, source=source) for source in ("two", "one") for uri in reversed(uris)))
        keys = [(source, uri) for source in ("one", "two") for uri in sorted(uris)]
        with database.reading() as tx:
            assert [(each.source, each.uri) for each in tx.documents()] == keys
            pages: list[tuple[str, str]] = []
            while page := tx.documents(after="/".join(pages[-1]) if pages else "", limit=3):
                pages += [(each.source, each.uri) for each in page]
            assert pages == keys
            assert [each.uri for each in tx.documents(source="two", after="two/a/b.md", limit=1)] == ["z.md"]

    def test_documents_are_paged_and_counted_among_those_of_some_scopes(self, database: Database):
        with database.transaction() as tx:
            for number in range(6):
                group, language = ("everyone" if number % 2 else "hr"), ("en" if number < 4 else "de")
                tx.save_document(a_document(f"{number}.md", groups=(group,), language=language), text="Text.")
            scopes = tx.visible_scopes(["everyone"])
            first = tx.documents(scopes=scopes, limit=2)
            rest = tx.documents(scopes=scopes, after="handbook/3.md", limit=2)
            assert [each.uri for each in first + rest] == ["1.md", "3.md", "5.md"]
            assert [each.uri for each in tx.documents(scopes=scopes, language="de")] == ["5.md"]
            assert tx.documents(scopes=frozenset()) == []
            assert tx.document_counts(scopes) == {("handbook", "indexed", "en"): 2, ("handbook", "indexed", "de"): 1}
            assert tx.document_counts(frozenset()) == {}

    def test_documents_are_counted_by_source_state_and_language(self, database: Database):
        saved = self.saved(
            database,
            a_document("a.md", language="en"),
            a_document("b.md", language="en"),
            a_document("c.md", language=""),
            a_document("d.md", source="wiki", state="failed"),
            a_document("gone.md", language="de"),
        )
        with database.transaction() as tx:
            tx.remove_documents([saved[-1].id])
        with database.reading() as tx:
            assert tx.document_counts() == {
                ("handbook", "indexed", "en"): 2,
                ("handbook", "indexed", ""): 1,
                ("wiki", "failed", saved[3].language): 1,
            }

    def test_a_document_can_be_named_in_several_ways(self, database: Database):
        one, two, other = self.saved(
            database, a_document("a.md", id="abc1"), a_document("b.md", id="abd2"), a_document("b.md", id="xyz3", source="wiki")
        )
        with database.reading() as tx:
            for reference in ("abc1", "abc", "handbook/a.md", "a.md"):
                assert tx.find_document(reference) == one
            assert tx.find_document("wiki/b.md") == other
            assert tx.find_document("abd") == two
            for ambiguous in ("ab", "b.md"):
                with pytest.raises(InvalidInput, match=r"may mean handbook/"):
                    tx.find_document(ambiguous)
            with pytest.raises(NotFound, match=r"did you mean 'handbook/a\.md'"):
                tx.find_document("handbok/a.md")
            with pytest.raises(NotFound):
                tx.find_document("")

    def test_the_revision_follows_text_title_scope_and_state_alone(self, database: Database):
        saved = self.saved(database, a_document(metadata={"year": 1}), text="one")[0]
        same: list[dict[str, Any]] = [
            {"uri": "moved.md", "stamp": "9", "metadata": {"year": 2}, "detail": "x", "language": "en", "modified_ns": 5},
            {"groups": ["everyone", "everyone"]},
        ]
        for fields in same:
            with database.transaction() as tx:
                saved = tx.save_document(saved.model_copy(update=fields), text="one")
                assert saved.revision == 1
                assert tx.document(saved.id) == saved
        grow: list[tuple[dict[str, Any], str | None]] = [
            ({"title": "New"}, None),
            ({"groups": ("hr",)}, None),
            ({"state": "quarantined", "code": "empty"}, None),
            ({}, "two"),
            ({}, ""),
        ]
        for revision, (fields, text) in enumerate(grow, 2):
            with database.transaction() as tx:
                saved = tx.save_document(saved.model_copy(update=fields), text=text)
                assert saved.revision == revision
                assert tx.document(saved.id) == saved
        assert (saved.characters, saved.uri, saved.metadata) == (0, "moved.md", {"year": 2})

    def test_a_save_without_text_keeps_text_and_spans(self, database: Database):
        with database.transaction() as tx:
            saved = tx.save_document(a_document(), text="some text", spans=[Span(kind="ip", start=0, end=1)])
            saved = tx.save_document(saved.model_copy(update={"title": "x", "characters": 0}))
            assert (tx.text(saved.number), saved.characters, len(tx.spans(saved.number))) == ("some text", 9, 1)
            tx.save_document(saved, text="some text")
            assert tx.spans(saved.number) == []

    def test_a_renamed_document_keeps_number_and_text(self, database: Database):
        first, second = self.saved(database, a_document("a.md"), a_document("b.md"), text="text")
        with database.transaction() as tx:  # they trade places
            tx.save_document(first.model_copy(update={"uri": "b.md"}))
            tx.save_document(second.model_copy(update={"uri": "a.md"}))
        with database.reading() as tx:
            assert tx.find_document("b.md").number == first.number
            assert tx.text(first.number) == "text"

    def test_two_documents_cannot_be_in_one_place(self, database: Database):
        self.saved(database, a_document("a.md", id="one"))
        with pytest.raises(InvalidInput, match=r"two documents would be at handbook/a\.md"):
            self.saved(database, a_document("a.md", id="two"))
        with database.reading() as tx:
            assert [each.id for each in tx.documents()] == ["one"]

    def test_a_document_that_was_removed_meanwhile_is_not_saved(self, database: Database):
        saved = self.saved(database, a_document())[0]
        with database.transaction() as tx:
            tx.remove_documents([saved.id])
        with database.transaction() as tx, pytest.raises(NotFound, match="removed meanwhile"):
            tx.save_document(saved)

    @pytest.mark.parametrize(
        ("fields", "text"), [({"uri": "x" * 2001}, ""), ({"title": "a\0b"}, ""), ({}, "a\0b"), ({"state": "removed"}, None)]
    )
    def test_what_cannot_be_stored_is_refused(self, database: Database, fields: dict[str, Any], text: str | None):
        with database.transaction() as tx, pytest.raises(InvalidInput):
            tx.save_document(a_document().model_copy(update=fields), text=text)

    def test_half_a_surrogate_pair_is_refused(self, database: Database):
        with pytest.raises(InvalidInput, match="Unicode"):
            self.saved(database, a_document(), text="a\ud800b")
        with database.reading() as tx:
            assert tx.documents() == []

    # ------------------------------------------------------------ text

    def test_slices_are_counted_in_code_points(self, database: Database):
        text = "aé😀\n漢字 𝔘𝔫𝔦 e\u0301 " * 1500
        other = "x" * 10
        with database.transaction() as tx:
            one = tx.save_document(a_document("a.md"), text=text).number
            two = tx.save_document(a_document("b.md"), text=other).number
        starts = [0, 1, 2, 3, 4090, 4095, 4096, 4097, 8191, 8192, len(text) - 2]
        wanted = [(one, start, min(start + length, len(text))) for start in starts for length in (0, 1, 7, 5000)]
        wanted += [(two, 0, 10), (two, 3, 4), (one, 0, len(text)), (99, 0, 5)]
        with database.reading() as tx:
            assert tx.text(one) == text
            got = tx.slices(wanted)
        texts = {one: text, two: other, 99: ""}
        assert got == [texts[number][start:end] for number, start, end in wanted]

    # ------------------------------------------------------------ removal

    def test_a_removed_document_is_empty_at_once_and_vanishes_when_every_build_let_go(self, database: Database):
        saved = self.saved(database, a_document(metadata={"k": "v"}), text="secret words")[0]
        with database.transaction() as tx:
            for build in ("one", "two"):
                tx.save_chunks(build, saved.number, 1, chunks_of(saved, (0, 6), headings=("secret",), table_header="secret"))
        with database.transaction() as tx:
            tx.remove_documents([saved.id, "unknown"])
            gone = tx.document(saved.id)
            assert gone is not None
            assert (gone.state, gone.revision, gone.title, gone.metadata, gone.characters) == ("removed", 2, "", {}, 0)
            assert (tx.text(saved.number), tx.spans(saved.number), tx.slices([(saved.number, 0, 3)])) == ("", [], [""])
            assert tx.documents() == []
            assert tx.documents(state="removed") == [gone]
            assert tx.chunks("one", [f"{saved.id}-0-6"]) == {}
            left = tx.document_chunks("one", saved.number)
            assert [(each.headings, each.table_header) for each in left] == [((), "")]
        for build in ("one", "two"):
            with database.transaction() as tx:
                assert [each.id for each in tx.stale_documents(build, limit=5)] == [saved.id]
                tx.save_chunks(build, saved.number, 2, [])
                tx.save_chunks(build, saved.number, 2, [])
                assert tx.stale_documents(build, limit=5) == []
                assert (tx.document(saved.id) is None) == (build == "two")

    def test_a_document_that_no_build_holds_vanishes_when_it_is_removed(self, database: Database):
        saved = self.saved(database, a_document(), text="x")[0]
        with database.transaction() as tx:
            tx.remove_documents([saved.id])
            assert tx.document(saved.id) is None

    def test_a_number_is_never_given_twice(self, database: Database):
        numbers: set[int] = set()
        for n in range(3):
            saved = self.saved(database, a_document(id=f"id{n}"))[0]
            numbers.add(saved.number)
            with database.transaction() as tx:
                tx.remove_documents([saved.id])
        assert len(numbers) == 3

    def test_a_removed_file_may_come_back(self, database: Database):
        saved = self.saved(database, a_document(id="old"), text="x")[0]
        with database.transaction() as tx:
            tx.save_chunks(BUILD, saved.number, 1, [])
            tx.remove_documents([saved.id])
            new = tx.save_document(a_document(id="new"), text="y")
            assert tx.find_document("a.md") == new

    # ------------------------------------------------------------ filters

    def filterable(self, database: Database) -> None:
        rows: dict[str, dict[str, Any]] = {
            "a.md": {"year": 2020, "tags": ("red", "blue"), "date": "2026-01-05", "draft": True},
            "b.md": {"year": 2021.5, "tags": ("blue",), "date": "2026-01-31T10:00:00+02:00"},
            "c.md": {"year": "2021", "tags": (), "date": "2026-02-01", "draft": False},
            "d.md": {"long": "y" * 3000, "date": "not a date"},
            "e.md": {},
        }
        documents = [
            a_document(uri, metadata=metadata, language="de" if uri == "a.md" else "en", modified_ns=n * DAY_NS)
            for n, (uri, metadata) in enumerate(rows.items())
        ]
        hidden = a_document("q.md", metadata={"year": 2020}, state="quarantined", code="empty")
        self.saved(database, *documents, hidden)

    @pytest.mark.parametrize(
        ("filters", "uris"),
        [
            ({}, "abcde"),
            ({"year": 2020}, "a"),
            ({"year": "2020"}, "a"),
            ({"year": 2021}, "c"),
            ({"year": [2020, "2021"]}, "ac"),
            ({"year": {"from": 2020, "to": 2021.5}}, "ab"),
            ({"year": {"from": 2020.1}}, "b"),
            ({"tags": "blue"}, "ab"),
            ({"tags": ["red", "green"]}, "a"),
            ({"tags": []}, ""),
            ({"draft": True}, "a"),
            ({"draft": "false"}, "c"),
            ({"date": {"from": "2026-01-05", "to": "2026-01-31"}}, "ab"),
            ({"date": {"from": "2026-01-31T08:00:00Z"}}, "bc"),
            ({"date": {"from": "2026-01-31T08:00:01Z"}}, "c"),
            ({"date": "2026-02-01"}, "c"),
            ({"long": "y" * 3000}, "d"),
            ({"long": "y" * 2999}, ""),
            ({"language": "en"}, "bcde"),
            ({"language": ["de", "fr"]}, "a"),
            ({"uri": "handbook/b.md"}, "b"),
            ({"uri": ["b.md", "c.md"]}, "bc"),
            ({"title": "Title of e.md"}, "e"),
            ({"source": "handbook"}, "abcde"),
            ({"source": "wiki"}, ""),
            ({"modified": "1970-01-03"}, "c"),
            ({"modified": {"from": "1970-01-02", "to": "1970-01-03"}}, "bc"),
            ({"unknown": "x"}, ""),
            ({"tags": "blue", "year": 2020}, "a"),
            ({"'; drop table documents; --": "x"}, ""),
        ],
    )
    def test_filters_find_the_documents_that_match(self, database: Database, filters: Filters, uris: str):
        self.filterable(database)
        assert self.matching(database, filters) == {f"{letter}.md" for letter in uris}

    def test_metadata_keys_are_those_of_indexed_documents_in_the_scopes(self, database: Database):
        long = "k" * 300
        self.saved(
            database,
            a_document("a.md", metadata={"year": 2020, long: 1}),
            a_document("b.md", metadata={"salary": 1}, groups=("hr",)),
            a_document("c.md", metadata={"held": 1}, state="quarantined"),
        )
        with database.reading() as tx:
            seen = tx.visible_scopes({"everyone"})
            assert {"year", "salary"} <= tx.metadata_keys()
            assert "held" not in tx.metadata_keys()
            assert "salary" not in tx.metadata_keys(seen)
            assert tx.metadata_keys(seen, among=["year", "salary", "held", "yeer", long]) == {"year", long}
            assert tx.metadata_keys(among=["year", "salary", "yeer"]) == {"year", "salary"}
            assert tx.metadata_keys([], among=["year"]) == frozenset()

    def test_the_shorter_list_is_given(self, database: Database):
        self.filterable(database)
        with database.reading() as tx:
            few, most, all_ = (tx.documents_matching(filters) for filters in ({"language": "de"}, {"language": "en"}, {}))
            assert len(few.documents or ()) == 1
            assert (most.documents, len(most.excluded)) == (None, 1)
            assert (all_.documents, all_.excluded) == (None, frozenset())

    @pytest.mark.parametrize(
        "filters",
        [
            {"year": {"from": "x"}},
            {"year": {"from": 1, "to": "2026-01-01"}},
            {"year": {"from": True}},
            {"year": {"above": 1}},
            {"year": {}},
            {"year": [[1]]},
            {"year": [{"from": 1}]},
            {"year": None},
            {"year": float("nan")},
            {"year": {"to": float("inf")}},
            {"title": {"from": 1}},
            {"title": {"from": "2026-01-01"}},
            {"modified": {"from": 5}},
            {"modified": "yesterday"},
            {"": 1},
        ],
    )
    def test_a_malformed_filter_is_refused(self, database: Database, filters: Any):
        with database.reading() as tx, pytest.raises(InvalidInput):
            tx.documents_matching(filters)

    # ------------------------------------------------------------ corpus version

    def versions(self, database: Database, *changes: Change) -> list[int]:
        """By how much each change lets the corpus version grow (0, or 1 for any growth)."""
        grown: list[int] = []
        for change in changes:
            with database.reading() as tx:
                before = tx.corpus_version()
            with database.transaction() as tx:
                change(tx)
            with database.reading() as tx:
                grown.append(min(1, tx.corpus_version() - before))
        return grown

    def test_the_corpus_version_grows_with_what_can_alter_an_answer(self, database: Database):
        saved = self.saved(database, a_document(), text="text")[0]

        def save(**fields: Any) -> Change:
            return lambda tx: tx.save_document((tx.document(saved.id) or saved).model_copy(update=fields))

        def take_in_removed(tx: Transaction) -> None:
            (removed,) = (each for each in tx.stale_documents(BUILD, limit=9) if each.state == "removed")
            tx.save_chunks(BUILD, removed.number, removed.revision, [])

        changes: list[Change] = [
            save(title="New"),
            save(metadata={"year": 1}),
            save(uri="moved.md"),
            save(language="fr"),
            lambda tx: tx.save_document(tx.find_document("moved.md"), spans=[Span(kind="ip", start=0, end=1)]),
            lambda tx: tx.save_chunks(BUILD, saved.number, 2, []),
            lambda tx: tx.save_document(a_document("new.md"), text="x"),
            lambda tx: tx.remove_documents(["id-handbook-new.md"]),
            take_in_removed,
            save(state="quarantined"),
        ]
        assert self.versions(database, *changes) == [1] * len(changes)

    def test_the_corpus_version_stays_with_what_cannot(self, database: Database):
        saved = self.saved(database, a_document(), text="text")[0]
        failed = a_document("f.md", state="failed", code="corrupt")
        changes: list[Change] = [
            lambda tx: tx.save_document(saved, text=None),
            lambda tx: tx.save_document(saved, text="text", spans=[]),
            lambda tx: tx.save_document(saved.model_copy(update={"stamp": "2", "detail": "x", "content_hash": "9"})),
            lambda tx: tx.save_document(failed),
            lambda tx: tx.remove_documents([failed.id]),
            lambda tx: tx.put_fact("n", "k", 1),
            lambda tx: tx.add_person("ada"),
        ]
        assert self.versions(database, *changes) == [0] * len(changes)

    def test_the_corpus_version_grows_within_its_transaction(self, database: Database):
        with database.transaction() as tx:
            before = tx.corpus_version()
            tx.save_document(a_document())
            assert tx.corpus_version() > before

    # ------------------------------------------------------------ builds

    def test_a_build_is_told_what_it_has_not_taken_in(self, database: Database):
        documents = self.saved(database, *(a_document(f"{n}.md") for n in range(4)), a_document("f.md", state="failed"), text="x")

        def stale(tx: Transaction, limit: int = 9) -> list[int]:
            return [each.number for each in tx.stale_documents(BUILD, limit=limit)]

        numbers = [each.number for each in documents[:4]]
        with database.reading() as tx:
            assert stale(tx) == numbers
            assert stale(tx, 2) == numbers[:2]
        with database.transaction() as tx:
            for number in numbers:
                assert stale(tx, 1) == [number]
                tx.save_chunks(BUILD, number, 1, [])
            assert stale(tx) == []
            tx.save_document(documents[2].model_copy(update={"title": "New"}))
            assert stale(tx) == [numbers[2]]
            tx.save_chunks(BUILD, numbers[2], 1, [])  # what was read before the change
            assert stale(tx) == [numbers[2]]
            tx.save_chunks(BUILD, numbers[2], 2, [])
            tx.save_document(documents[0].model_copy(update={"state": "quarantined"}))
            tx.save_document(documents[4].model_copy(update={"state": "indexed"}))
            new = tx.save_document(a_document("new.md"))
            assert stale(tx) == [numbers[0], documents[4].number, new.number]
            assert len(tx.stale_documents("another", limit=9)) == 5

    def test_saving_chunks_of_a_document_that_is_gone(self, database: Database):
        with database.transaction() as tx:
            tx.save_chunks(BUILD, 77, 1, [])
            with pytest.raises(NotFound, match="removed meanwhile"):
                tx.save_chunks(BUILD, 77, 1, [Chunk(id="c", document=77, ordinal=0, start=0, end=1)])

    def test_chunks_come_back_by_id_and_by_place(self, database: Database):
        one, two = self.saved(database, a_document("a.md"), a_document("b.md", source="wiki"), text="x" * 50)
        first = chunks_of(one, (0, 5), (5, 9), headings=("H", "h 😀"), table_header="| a |", page=3, kind="table")
        second = chunks_of(two, (0, 50))
        with database.transaction() as tx:
            tx.save_chunks(BUILD, one.number, 1, first)
            tx.save_chunks(BUILD, one.number, 1, first)
            tx.save_chunks(BUILD, two.number, 1, second)
            tx.save_chunks("other", two.number, 1, [])
        with database.reading() as tx:
            assert tx.chunks(BUILD, [first[1].id, second[0].id, "unknown"]) == {each.id: each for each in (first[1], *second)}
            around = [(one.number, 0), (one.number, 1), (one.number, 2), (two.number, 0), (99, 0)]
            assert tx.chunks_around(BUILD, around) == [*first, *second]
            assert tx.document_chunks(BUILD, one.number) == first
            assert (tx.chunk_count(BUILD), tx.chunk_count(BUILD, "wiki"), tx.chunk_count("other"), tx.chunk_count("no")) == (
                3,
                1,
                0,
                0,
            )
            assert tx.chunks("other", [second[0].id]) == {}

    def test_chunks_of_a_text_that_has_changed_are_not_given(self, database: Database):
        saved = self.saved(database, a_document(), text="old text")[0]
        chunk = chunks_of(saved, (0, 3))[0]

        def given(tx: Transaction) -> tuple[int, int, int]:
            around = tx.chunks_around(BUILD, [(saved.number, 0)])
            return len(tx.chunks(BUILD, [chunk.id])), len(around), len(tx.document_chunks(BUILD, saved.number))

        with database.transaction() as tx:
            tx.save_chunks(BUILD, saved.number, 1, [chunk])
            tx.save_document(saved.model_copy(update={"title": "Title alone", "groups": ("hr",)}))
            assert given(tx) == (1, 1, 1)
            saved = tx.save_document(saved, text="newer text")
            assert given(tx) == (0, 0, 1)
            tx.save_chunks(BUILD, saved.number, 2, [chunk])
            assert given(tx) == (0, 0, 1)
            tx.save_chunks(BUILD, saved.number, saved.revision, [chunk])
            assert given(tx) == (1, 1, 1)
            tx.save_document(saved.model_copy(update={"state": "quarantined"}))
            assert given(tx) == (0, 0, 1)

    def test_many_values_at_once(self, database: Database):
        documents = self.saved(database, *(a_document(f"{n}.md") for n in range(12)), text="abc" * 1100)
        numbers = [each.number for each in documents]
        spans = [(n, n + 3) for n in range(1100)]
        one = documents[0]
        with database.transaction() as tx:
            tx.save_chunks(BUILD, one.number, 1, chunks_of(one, *spans))
        with database.reading() as tx:
            assert set(tx.documents_numbered([*range(10_000, 12_000), *numbers])) == set(numbers)
            assert len(tx.chunks(BUILD, [f"{one.id}-{start}-{end}" for start, end in spans])) == 1100
            assert len(tx.chunks_around(BUILD, [(one.number, n) for n in range(2000)])) == 1100
            wanted = [(number, start, end) for number in (*numbers, *range(10_000, 12_000)) for start, end in spans[:99]]
            assert [len(each) for each in tx.slices(wanted)] == [3 * (number < 10_000) for number, *_ in wanted]
        with database.transaction() as tx:
            tx.remove_documents([*(str(n) for n in range(2000)), *(each.id for each in documents)])
            assert tx.documents() == []
            assert len(tx.stale_documents(BUILD, limit=2000)) == 12
