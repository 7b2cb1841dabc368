"""The contract that every `Database` adapter must pass."""
# ruff: noqa: S101 - a contract suite asserts

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from firmground.errors import Busy, FirmgroundError, InvalidInput
from firmground.ports import Database
from firmground.testing.accounts import AccountsContract
from firmground.testing.documents import BUILD, DocumentsContract, a_document, chunks_of
from firmground.testing.ledger import LedgerContract
from firmground.testing.opinions import OpinionsContract
from firmground.testing.people import PeopleContract
from firmground.testing.sign_ins import SignInsContract
from firmground.testing.traces import TracesContract
from firmground.testing.usage import UsageContract
from firmground.types import Finding

__all__ = ["BUILD", "DatabaseContract", "a_document", "chunks_of"]


class DatabaseContract(
    DocumentsContract,
    TracesContract,
    PeopleContract,
    AccountsContract,
    SignInsContract,
    OpinionsContract,
    UsageContract,
    LedgerContract,
):
    """Subclass it, and give a fixture `database` and a way to open the same data once more."""

    # ------------------------------------------------------------ reports, facts

    def test_the_latest_report_of_a_source_replaces_the_one_before(self, database: Database):
        def finding(code: str, **fields: Any) -> Finding:
            return Finding(code=code, uri="handbook/a.md", detail="d", remedy="r", **fields)

        old = [finding("stale"), finding("empty")]
        new = [finding("near_duplicate", start=1, end=5, related=("wiki/b.md",))]
        with database.transaction() as tx:
            tx.save_report("handbook", {"n": 1}, old)
            tx.save_report("wiki", None, [])
            tx.save_report("handbook", {"n": [2, None]}, new)
            assert tx.report("handbook") == ({"n": [2, None]}, new)
            assert tx.report("wiki") == (None, [])
            assert tx.report("unknown") is None

    def test_findings_about_a_removed_document_go_with_it(self, database: Database):
        saved = self.saved(database, a_document())[0]
        about = [Finding(code="x", uri=f"handbook/{uri}", detail="quotes it", remedy="") for uri in ("a.md", "b.md")]
        with database.transaction() as tx:
            tx.save_report("handbook", {}, about)
            tx.remove_documents([saved.id])
            assert tx.report("handbook") == ({}, about[1:])

    def test_facts_are_json_by_namespace_and_key(self, database: Database):
        with database.transaction() as tx:
            tx.put_fact("a", "k", 1)
            tx.put_fact("a", "k", {"x": [1.5, None, "ü😀\u0000"]})
            tx.put_fact("a", "l", None)
            tx.put_fact("b", "k", "other")
            assert tx.fact("a", "k") == {"x": [1.5, None, "ü😀\u0000"]}
            assert tx.fact("a", "none") is None
            assert list(tx.facts("a")) == ["k", "l"]
            tx.drop_facts("a", ["k", "none"])
            assert tx.facts("a") == {"l": None}
            tx.drop_facts("a")
            assert (tx.facts("a"), tx.facts("b")) == ({}, {"k": "other"})
            with pytest.raises(InvalidInput, match="JSON"):
                tx.put_fact("a", "k", float("nan"))

    # ------------------------------------------------------------ transactions

    def test_a_block_that_raises_changes_nothing(self, database: Database):
        def fail() -> None:
            with database.transaction() as tx:
                tx.save_document(a_document(), text="x")
                tx.scope(["hr"])
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        with database.reading() as tx:
            assert (tx.documents(), tx.visible_scopes(["hr"]), tx.corpus_version()) == ([], frozenset(), 0)

    def test_a_reader_keeps_its_snapshot_and_does_not_wait(self, database: Database):
        with database.reading() as tx:
            saved = self.saved(database, a_document(), text="x")[0]  # a writer commits meanwhile
            assert tx.documents() == []
            with database.reading() as later:
                assert later.document(saved.id) == saved
        with database.transaction() as writing:
            writing.save_document(a_document("b.md"))
            with database.reading() as tx:
                assert len(tx.documents()) == 1

    def test_a_reader_cannot_write(self, database: Database):
        with pytest.raises(FirmgroundError), database.reading() as tx:
            tx.add_person("ada")
        with database.reading() as tx:
            assert tx.people() == {}

    def test_what_one_wrote_another_process_reads(self, database: Database):
        saved = self.saved(database, a_document(), text="x")[0]
        other = self.reopened(database)
        with other.reading() as tx:
            assert tx.document(saved.id) == saved

    def test_writers_take_turns_and_nothing_is_lost(self, database: Database):
        other = self.reopened(database)
        failures: list[BaseException] = []

        def count(mine: Database) -> None:
            try:
                for _ in range(20):
                    with mine.transaction() as tx:
                        tx.put_fact("n", "count", int(str(tx.fact("n", "count") or 0)) + 1)
                    with mine.reading() as tx:
                        tx.facts("n")
            except BaseException as error:  # noqa: BLE001 - shown below
                failures.append(error)

        threads = [threading.Thread(target=count, args=(mine,)) for mine in (database, database, other, other)]
        run_all(threads)
        assert failures == []
        with database.reading() as tx:
            assert tx.fact("n", "count") == 80

    def test_a_writer_that_waits_too_long_is_told_who_is_busy(self, database: Database):
        other = self.reopened(database)
        with database.transaction() as tx:
            tx.put_fact("n", "k", 1)
            for mine in (database, other):
                with pytest.raises(Busy, match="another writer"), mine.transaction() as blocked:
                    blocked.put_fact("n", "k", 2)
        with other.transaction() as tx:
            assert tx.fact("n", "k") == 1

    # ------------------------------------------------------------ health

    def test_a_sound_database_has_nothing_to_report(self, database: Database):
        saved = self.saved(database, a_document("a.md"), a_document("b.md"), text="é😀" * 5000)
        with database.transaction() as tx:
            tx.remove_documents([saved[0].id])
        database.purge()
        assert database.check() == []
        described = database.describe()
        assert isinstance(described["bytes"], int)
        assert described["bytes"] > 0
        assert {"kind", "version", "schema"} <= set(described)

    def test_purging_disturbs_no_one(self, database: Database):
        saved = self.saved(database, *(a_document(f"{n}.md") for n in range(20)), text="text " * 1000)
        stop = threading.Event()
        failures: list[BaseException] = []

        def read() -> None:
            try:
                while not stop.is_set():
                    with database.reading() as tx:
                        assert len(tx.text(saved[-1].number)) == 5000
            except BaseException as error:  # noqa: BLE001 - shown below
                failures.append(error)

        readers = [threading.Thread(target=read) for _ in range(2)]
        for reader in readers:
            reader.start()
        with database.transaction() as tx:
            tx.remove_documents([each.id for each in saved[:10]])
        database.purge()
        stop.set()
        for reader in readers:
            reader.join()
        assert failures == []


def run_all(threads: Sequence[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
