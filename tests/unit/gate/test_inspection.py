"""Whatever is done to a ledger is found and named; a ledger that is whole is never blamed."""

import json
from datetime import UTC, datetime
from random import Random

import pytest

from firmground.errors import InvalidInput
from firmground.gate.ledger import MOST, START, Anchor, Inspection, Witness, anchors_in, inspect
from firmground.ledger import KeptEntry
from firmground.testing.ledger import mutations, written
from firmground.types import digest

COUNT = 12
WHOLE = written(COUNT)


def head(number: int = COUNT) -> Witness:
    return Witness(number, str(WHOLE[number - 1].digest) if number else START, "the head file")


def told(found: Inspection) -> list[tuple[int, str]]:
    return [(fault.number, fault.what) for fault in found.faults]


def again(row: KeptEntry, **changes: object) -> KeptEntry:
    """The entry with something else in it, and a digest that fits."""
    entry = {**json.loads(str(row.entry)), **changes}
    text = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
    return KeptEntry(entry["number"], entry["kind"], text, digest(entry))


def replaced(number: int, row: KeptEntry) -> list[KeptEntry]:
    return [row if each.number == number else each for each in WHOLE]


@pytest.mark.parametrize("name", mutations(Random()))
def test_every_kind_of_mutation_is_found(name: str):
    random = Random(f"seed {name}")
    tried = 0
    while tried < 60:
        rows = mutations(random)[name](WHOLE)
        if rows == WHOLE:
            continue
        tried += 1
        assert not inspect(rows, [head()]).whole, rows


def test_a_whole_ledger_is_whole_for_every_witness():
    found = inspect(WHOLE, [head(), head(3)._replace(name="an anchor"), head(0)._replace(name="the first")])
    assert found.whole
    assert (found.entries, found.digest_of_last, found.unwitnessed) == (COUNT, WHOLE[-1].digest, 0)
    assert set(found.witnesses) == {"the head file", "an anchor", "the first"}


def test_an_empty_ledger_is_whole_unless_somebody_knows_an_entry():
    assert inspect([], [Witness(0, START, "the head file")]).whole
    assert told(inspect([], [head(2)])) == [(2, "truncated")]


def test_a_head_that_is_behind_is_no_fault_and_what_it_does_not_know_is_counted():
    found = inspect(WHOLE, [head(9)])
    assert found.whole
    assert found.unwitnessed == 3


def test_an_entry_that_was_edited_is_named():
    edited = WHOLE[4]._replace(entry=str(WHOLE[4].entry).replace("subject 5", "subject X"))
    assert told(inspect(replaced(5, edited), [head()])) == [(5, "changed")]


def test_an_edit_that_only_moves_spaces_is_found():
    spaced = WHOLE[4]._replace(entry=str(WHOLE[4].entry).replace(":", ": ", 1))
    assert told(inspect(replaced(5, spaced), []))[0] == (5, "unreadable")


def test_an_edit_with_a_fitting_digest_breaks_the_chain_after_it():
    assert told(inspect(replaced(5, again(WHOLE[4], by="eve")), [head()])) == [(5, "changed")]


def test_the_last_entry_edited_with_a_fitting_digest_is_known_by_the_head():
    assert told(inspect(replaced(COUNT, again(WHOLE[-1], by="eve")), [head()])) == [(COUNT, "changed")]


def test_missing_entries_are_counted_from_the_first_that_is_missing():
    rows = [each for each in WHOLE if each.number not in {4, 5, 9}]
    found = inspect(rows, [head()])
    assert told(found) == [(4, "missing"), (9, "missing")]
    assert [fault.said for fault in found.faults] == ["entries 4 to 5 are missing", "entry 9 is missing"]


def test_two_that_changed_places_are_reordered():
    rows = replaced(3, WHOLE[6]._replace(number=3))
    rows[6] = WHOLE[2]._replace(number=7)
    assert told(inspect(rows, [head()]))[0] == (3, "reordered")


def test_an_entry_that_is_there_twice_is_named():
    rows = [*WHOLE[:6], WHOLE[2]._replace(number=7), *(each._replace(number=int(str(each.number)) + 1) for each in WHOLE[6:])]
    assert told(inspect(rows, [head()]))[0] == (7, "duplicated")
    assert told(inspect([*WHOLE[:6], WHOLE[5], *WHOLE[6:]], [head()]))[0] == (6, "duplicated")


def test_a_ledger_that_was_cut_is_told_by_every_witness_of_its_end():
    found = inspect(WHOLE[:7], [head(), head(9)._replace(name="a.jsonl, line 1")])
    assert [fault.said for fault in found.faults] == [
        "the ledger ends with entry 7, but a.jsonl, line 1 knows entry 9",
        "the ledger ends with entry 7, but the head file knows entry 12",
    ]
    assert {what for _, what in told(found)} == {"truncated"}


def test_a_tail_that_was_written_anew_is_told_where_a_witness_knew_it():
    rows = WHOLE[:6]
    for row in WHOLE[6:]:
        rows = [*rows, again(row, by="eve", before=rows[-1].digest)]
    assert inspect(rows).whole, "the chain alone cannot know"
    assert told(inspect(rows, [head()])) == [(COUNT, "changed")]
    assert inspect(rows, [head(6)]).whole, "what nobody knew nobody misses"


@pytest.mark.parametrize("entry", ["", "{}", "[]", "null", "{", b"\x00\xff", None, 7, '{"number":NaN}', "[" * 100_000])
def test_what_is_no_entry_cannot_be_read(entry: object):
    found = inspect(replaced(5, WHOLE[4]._replace(entry=entry)), [head()])
    assert found.faults[0].number == 5
    assert found.faults[0].what in {"unreadable", "changed"}


def test_a_number_that_is_none_cannot_be_read():
    assert told(inspect([KeptEntry("five", "k", "{}", "d")]))[0] == (1, "unreadable")


def test_very_many_faults_are_counted_not_told():
    rows = [each._replace(kind="other") for each in written(MOST + 20)]
    found = inspect(rows)
    assert (len(found.faults), found.more) == (MOST, 20)


def test_an_anchor_is_read_from_its_line_and_from_a_mail():
    made = Anchor(workspace="a1b2", number=7, entry="d" * 64, at=datetime(2026, 11, 21, tzinfo=UTC))
    mail = f"From: a@example.org\n\nKeep this mail.\n\n{made.line}\n"
    assert anchors_in(mail, "mail.eml") == [(5, made)]
    assert anchors_in(f"{made.line}\n{made.line}\n", "file") == [(1, made), (2, made)]


@pytest.mark.parametrize("text", ["", "hello", '{"other": 1}'])
def test_a_file_without_an_anchor_is_refused(text: str):
    with pytest.raises(InvalidInput, match="no anchor in here"):
        anchors_in(text, "here")


def test_a_torn_anchor_is_refused_with_its_line():
    made = Anchor(workspace="a1b2", number=7, entry="d" * 64, at=datetime(2026, 11, 21, tzinfo=UTC))
    with pytest.raises(InvalidInput, match="line 2 of here is a damaged anchor"):
        anchors_in(f"{made.line}\n{made.line[:50]}\n", "here")
