"""After a source is set to mask personal data, what it held of it is found in no byte that Firmground keeps."""

from pathlib import Path

import pytest
from test_purge import in_index, vocabulary
from workplace import ADMINISTRATOR, Workplace

from firmground.app.asking import traces
from firmground.app.asking.search import search
from firmground.language.terms import terms
from firmground.testing.traces import a_trace
from firmground.wire import open_workspace

MAIL = "nibblewick@quibblethorn.example"
IBAN = "DE89 3704 0044 0532 0130 00"
SOURCE = '[[sources]]\nname = "notes"\npath = "notes"\n'


def found(place: Workplace) -> set[str]:
    """Which values stand in a file of the data directory, in any letter case, or decoded in a table."""
    said = [path.read_bytes().lower() for path in place.data.rglob("*") if path.is_file()]
    said += [repr(rows).lower().encode() for rows in place.tables().values()]
    everything = b"\0".join(said)
    return {
        value for value in (MAIL, IBAN) if value.lower().encode() in everything or value.lower().encode("utf-16-le") in everything
    }


def test_what_is_masked_from_now_on_is_found_nowhere_but_in_the_file(place: Workplace, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("test_purge.STEMS", tuple(terms(MAIL.removesuffix(".example"), "en")))
    note = place.root / "notes" / "payments.md"
    note.write_text(f"# Payments\n\nThe treasurer of the harbour is {MAIL} and pays from {IBAN} in spring.\n")
    place.sync()
    with open_workspace(place.root) as app, app.database.transaction() as tx:
        passages = search(app, ADMINISTRATOR, "treasurer of the harbour", limit=1).passages
        traces.keep(tx, a_trace("1", *passages, outputs=(MAIL,)), known=tx.corpus_version())
    assert found(place) == {MAIL, IBAN}
    assert in_index(place)
    before = vocabulary(place)

    settings = place.root / "firmground.toml"
    assert SOURCE in settings.read_text()
    settings.write_text(settings.read_text().replace(SOURCE, f'{SOURCE}personal_data = "mask"\n'))
    place.sync()

    assert found(place) == set()
    assert in_index(place) == set()
    assert not set(vocabulary(place)) & set(before)
    assert MAIL in place.json("documents", "show", "notes/payments.md")["text"]
    assert "notes/payments.md" in place.uris("treasurer of the harbour")
    assert MAIL in Path(note).read_text()
