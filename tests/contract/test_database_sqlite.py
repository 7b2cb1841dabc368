import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from firmground.errors import Busy, Damaged, InvalidInput, OutsideFailed, Refused, StorageFull
from firmground.ports import Database
from firmground.store.database import SqlDatabase, SqlTransaction, open_database
from firmground.testing.database import BUILD, DatabaseContract, a_document, chunks_of
from firmground.testing.traces import a_trace
from firmground.types import Document


class TestSqliteDatabase(DatabaseContract):
    @pytest.fixture
    def database(self, tmp_path: Path) -> Iterator[SqlDatabase]:
        self.directory = tmp_path
        self.opened = [open_database("sqlite", tmp_path, patience=1)]
        yield self.opened[0]
        for database in self.opened:
            database.close()

    def reopened(self, database: Database) -> SqlDatabase:
        self.opened.append(open_database("sqlite", self.directory, patience=1))
        return self.opened[-1]

    def test_nothing_that_was_deleted_is_left_in_any_file_after_a_purge(self, database: SqlDatabase):
        random = Random(7)
        names = [f"{random.getrandbits(64):016x}" for _ in range(160)]
        saved = [self.secret(database, name, random.choice([0, 200, 3000, 9000])) for name in names]
        assert all(name in self.bytes_on_disk() for name in names)
        gone, kept = names[:110], names[110:]
        for start in range(0, len(gone), 10):  # in lots, so that pages are merged again and again
            with database.transaction() as tx:
                tx.remove_documents([each.id for each in saved[start : start + 10]])
                for document in saved[start : start + 10]:
                    tx.save_chunks(BUILD, document.number, document.revision + 1, [])
        database.purge()
        on_disk = self.bytes_on_disk()
        assert [name for name in gone if name in on_disk] == []
        assert all(name in on_disk for name in kept)

    def test_what_was_removed_is_erased_even_while_a_build_still_holds_it(self, database: SqlDatabase):
        self.secret(database, "findme", 5000)
        with database.transaction() as tx:
            tx.remove_documents(["id-findme"])
        database.purge()
        assert self.bytes_on_disk().replace("id-findme", "").replace("uri-findme", "").count("findme") == 0

    def test_a_text_that_was_replaced_is_erased_by_a_purge(self, database: SqlDatabase):
        document = self.secret(database, "findme", 5000)
        with database.transaction() as tx:
            saved = tx.save_document(document.model_copy(update={"title": "", "metadata": {}}), text="harmless")
            tx.save_chunks(BUILD, saved.number, saved.revision, [])
        database.purge()
        assert self.bytes_on_disk().replace("id-findme", "").replace("uri-findme", "").count("findme") == 0

    def test_a_purge_waits_for_readers_of_an_older_state_but_not_for_ever(self, database: SqlDatabase):
        self.secret(database, "findme", 0)
        with database.reading() as tx:
            self.saved(database, a_document())
            with pytest.raises(Busy, match="older state"):
                database.purge()
            assert len(tx.documents()) == 1
        database.purge()

    def secret(self, database: SqlDatabase, name: str, length: int) -> Document:
        """A document whose every part holds the name."""
        document = a_document(f"uri-{name}", id=f"id-{name}", title=f"title {name}", metadata={"k": f"meta {name}"})
        with database.transaction() as tx:
            saved = tx.save_document(document, text=f"{name} {'x' * length} {name}")
            tx.save_chunks(
                BUILD, saved.number, 1, chunks_of(saved, (0, 5), headings=(f"heading {name}",), table_header=f"| {name} |")
            )
        return saved

    def bytes_on_disk(self) -> str:
        return "".join(file.read_bytes().decode("latin-1") for file in sorted(self.directory.iterdir()))


def opened(directory: Path) -> SqlDatabase:
    return open_database("sqlite", directory, patience=0.3)


def with_documents(directory: Path, count: int = 3) -> Path:
    """A closed database with something in it."""
    database = opened(directory)
    with database.transaction() as tx:
        for n in range(count):
            tx.save_document(a_document(f"{n}.md"), text=f"text {n} " * 500)
    database.close()
    return directory / "firmground.sqlite"


def test_a_full_disk_is_told_and_what_was_stored_before_is_intact(tmp_path: Path):
    with_documents(tmp_path)
    database = opened(tmp_path)
    with database.transaction() as tx:
        limit_pages(tx)
    with pytest.raises(StorageFull, match="free some space"), database.transaction() as tx:
        tx.save_document(a_document("new.md"), text="x" * 1_000_000)
    with database.reading() as tx:
        assert [each.uri for each in tx.documents()] == ["0.md", "1.md", "2.md"]
    assert database.check() == []
    database.close()


def limit_pages(tx: SqlTransaction) -> None:
    """As many pages as there are: what a full disk is to SQLite, in a single connection."""
    raw = tx._connection.connection.dbapi_connection
    raw.execute(f"pragma max_page_count = {raw.execute('pragma page_count').fetchone()[0]}")


def test_a_file_that_is_no_database_is_damaged(tmp_path: Path):
    (tmp_path / "firmground.sqlite").write_bytes(b"garbage " * 4000)
    with pytest.raises(Damaged, match="restore it from a backup"):
        opened(tmp_path)


def test_a_truncated_file_is_damaged(tmp_path: Path):
    file = with_documents(tmp_path)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(Damaged, match="move it away and sync again"):
        opened(tmp_path)


def test_a_page_of_garbage_is_found_by_a_check_or_a_reader(tmp_path: Path):
    file = with_documents(tmp_path, 50)
    content = bytearray(file.read_bytes())
    start = content.index(b"text 7 text 7") // 4096 * 4096
    content[start : start + 4096] = b"\xff" * 4096
    file.write_bytes(content)
    database = opened(tmp_path)
    assert any(
        "damaged" in problem or "corrupt" in problem.lower() or "invalid" in problem.lower() for problem in database.check()
    )
    with pytest.raises(Damaged), database.reading() as tx:
        _ = [tx.text(document.number) for document in tx.documents()]
    database.close()


def test_a_text_that_is_not_as_long_as_recorded_is_found_by_a_check(tmp_path: Path):
    file = with_documents(tmp_path)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("delete from texts where document = 2")
        connection.commit()
    database = opened(tmp_path)
    assert [problem.partition(": ")[2] for problem in database.check()] == [
        "the text of handbook/1.md is not as long as recorded: sync it again"
    ]
    database.close()


def test_a_row_whose_parent_is_gone_is_found_by_a_check(tmp_path: Path):
    file = with_documents(tmp_path)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("delete from scopes")
        connection.commit()
    database = opened(tmp_path)
    problems = database.check()
    assert len([problem for problem in problems if "of documents refers to a row of scopes that is gone" in problem]) == 3
    database.close()


def test_a_kept_answer_that_cannot_be_read_is_damaged_and_no_part_of_it_is_given(tmp_path: Path):
    file = with_documents(tmp_path)
    database = opened(tmp_path)
    with database.transaction() as tx:
        tx.save_trace(a_trace("1"))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("""update traces set body = replace(body, '"person"', '"somebody"')""")
        connection.commit()
    with pytest.raises(Damaged, match="restore a backup"), database.reading() as tx:
        tx.trace("1")
    database.close()


def test_a_database_of_a_newer_program_is_refused_and_left_alone(tmp_path: Path):
    file = with_documents(tmp_path)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("update firmground_schema set version_num = '9999'")
        connection.commit()
    before = file.read_bytes()
    with pytest.raises(Refused, match=r"newer firmground \(schema 9999.*upgrade firmground"):
        opened(tmp_path)
    assert file.read_bytes() == before


def test_a_database_of_another_program_is_left_alone(tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "firmground.sqlite")) as connection:
        connection.execute("create table documents (theirs text)")
    with pytest.raises(Refused, match="another program"):
        opened(tmp_path)


def test_tables_of_other_modules_may_live_in_the_same_file(tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "firmground.sqlite")) as connection:
        connection.execute("create table jobs (id text)")
    database = opened(tmp_path)
    assert database.check() == []
    database.close()


def test_the_folder_is_made(tmp_path: Path):
    opened(tmp_path / "a" / "b").close()
    assert (tmp_path / "a" / "b" / "firmground.sqlite").exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutsideFailed, match="cannot be made"):
        opened(tmp_path / "file" / "b")


def test_a_folder_that_may_not_be_written_is_told(tmp_path: Path):
    with_documents(tmp_path)
    said = as_nobody(tmp_path, 0o555)
    assert "OutsideFailed" in said
    assert "write" in said
    (tmp_path / "firmground.sqlite").unlink()
    assert "OutsideFailed" in as_nobody(tmp_path, 0o555)


def as_nobody(directory: Path, mode: int) -> str:
    """What opening and writing says to somebody who is not root, and in vain: a process that becomes nobody once all is loaded."""
    program = f"""
import os, sys
from pathlib import Path
from firmground.store.database import open_database
open_database("sqlite", Path(sys.argv[1])).close()
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    with open_database("sqlite", Path({str(directory)!r}), patience=0.3).transaction() as tx:
        tx.put_fact("n", "k", 1)
except Exception as error:
    print(type(error).__name__, error)
"""
    for parent in [directory, *directory.parents][:3]:
        parent.chmod(parent.stat().st_mode | 0o055)
    directory.chmod(mode)
    try:
        with TemporaryDirectory() as scratch:
            ran = subprocess.run([sys.executable, "-c", program, scratch], capture_output=True, text=True, check=True)
    finally:
        directory.chmod(0o755)
    return ran.stdout


def test_an_unknown_kind_of_database_is_refused(tmp_path: Path):
    for url in ("mysql://me:secret@host/x", "sqlit", "", "sqlite:///x"):
        with pytest.raises(InvalidInput, match="sqlite or postgresql") as refused:
            open_database(url, tmp_path)
        assert "secret" not in str(refused.value)


def test_many_processes_may_open_a_new_database_at_once(tmp_path: Path):
    program = f"""
from pathlib import Path
from firmground.store.database import open_database
database = open_database("sqlite", Path({str(tmp_path)!r}), patience=30)
with database.transaction() as tx:
    tx.put_fact("n", "count", (tx.fact("n", "count") or 0) + 1)
"""
    running = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(4)]
    assert [each.wait() for each in running] == [0] * 4
    database = opened(tmp_path)
    with database.reading() as tx:
        assert tx.fact("n", "count") == 4
    assert database.check() == []
    database.close()


def test_a_writer_that_is_killed_leaves_a_sound_database_and_no_lock(tmp_path: Path):
    with_documents(tmp_path)
    program = f"""
import os, signal
from pathlib import Path
from firmground.store.database import open_database
with open_database("sqlite", Path({str(tmp_path)!r})).transaction() as tx:
    tx.put_fact("n", "k", "x" * 10_000_000)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -signal.SIGKILL
    database = opened(tmp_path)
    assert database.check() == []
    with database.transaction() as tx:
        assert tx.fact("n", "k") is None
        assert len(tx.documents()) == 3
    database.close()
