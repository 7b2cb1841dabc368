"""What is kept of people: which tables hold it, what an export tells of it, and what erasing does to it.

`TABLES` says it for every table there is; a test fails for one that is missing, so nothing is kept of people that nobody thought about.
"""

import errno
import json
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple, TypeAlias

from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.asking import kept, opinions
from firmground.app.spending import budgets
from firmground.errors import NotFound, OutsideFailed, Refused, StorageFull
from firmground.groups import EVERYONE, PUBLIC
from firmground.ledger import LedgerEntry
from firmground.ports import Transaction
from firmground.types import Actor, Json

Fate: TypeAlias = Literal["erased", "kept", "nobody's"]


class Table(NamedTuple):
    """A table of the database. `file`: where an export tells of it; `fate`: what erasing a person does to it; `why`: in words."""

    file: str
    fate: Fate
    why: str


_DOCUMENTS = Table("", "nobody's", "documents and what is derived from them: erase the document")
_WORKSPACE = Table("", "nobody's", "about the workspace")
TABLES: Mapping[str, Table] = {
    "persons": Table("person", "erased", "name and role"),
    "memberships": Table("person", "erased", "groups"),
    "accounts": Table("person", "erased", "that somebody may sign in, and since when; never the password"),
    "identities": Table("identities", "erased", "by whom a provider knows them"),
    "sessions": Table("sessions", "erased", "where they are signed in; never the secret"),
    "keys": Table("keys", "erased", "keys that act for them; never the secret"),
    "links": Table("links", "erased", "links to choose a password; never the secret"),
    "consents": Table("consents", "erased", "what they agreed to, and when"),
    "holds": Table("holds", "kept", "nothing is erased under a hold; it ends by being lifted"),
    "traces": Table("answers", "erased", "questions, answers and what they rest on"),
    "answer_values": Table("answers", "erased", "personal data in their questions, encrypted"),
    "opinion_values": Table("feedback", "erased", "personal data in their comments and notes, encrypted"),
    "trace_documents": Table("answers", "erased", "which documents an answer rests on"),
    "feedback": Table("feedback", "erased", "thumbs and comments, on anybody's answers"),
    "reviews": Table("reviews", "erased", "wishes that a person looks at an answer"),
    "review_items": Table("decisions", "erased", "that people look at their answers; what they have in hand is free for others"),
    "review_acts": Table(
        "decisions",
        "kept",
        "what was decided about answers of others must stay known, under a pseudonym; what was done with theirs goes with them",
    ),
    "review_deciders": Table("decisions", "kept", "who decided already and may not again, under a pseudonym"),
    "shares": Table("shares", "erased", "answers that they let others see"),
    "contacts": Table("person", "erased", "where they have mail, and whether they want any"),
    "messages": Table("messages", "erased", "what they were told"),
    "pins": Table(
        "", "kept", "questions with an answer that people stand behind; they stay, and who pinned them is called by a pseudonym"
    ),
    "pin_documents": Table("", "kept", "which documents they rest on"),
    "pairs": Table("", "kept", "questions with passages; they go with the answer, and who made them is called by a pseudonym"),
    "signals": Table("signals", "erased", "signs of how answers served them"),
    "limits": Table("spending", "erased", "what they may use"),
    "usage": Table("spending", "kept", "what was used stays for the books, under nobody's name"),
    "tallies": Table("spending", "kept", "sums by budget stay for the books, under nobody's name"),
    "reservations": Table("", "erased", "set aside for answers under way; gone within minutes"),
    "requests": Table("", "nobody's", "how many requests a minute had, by digest; gone within minutes"),
    "failures": Table("", "nobody's", "failed attempts to sign in, by digest; gone within a day"),
    "sign_ins": Table("", "erased", "who is on the way to a provider; gone within an hour"),
    "ledger": Table(
        "ledger",
        "kept",
        "who decided what must stay known, and no entry can be taken out; later ones call them by a pseudonym",
    ),
    "facts": Table(
        "cases",
        "kept",
        "who made a release, an audit or a golden case must stay known; requests that may be repeated are known by digest",
    ),
    "firmground_schema": _WORKSPACE,
    "corpus": _WORKSPACE,
    "groups": _WORKSPACE,
    "scopes": _WORKSPACE,
    "scope_groups": _WORKSPACE,
    "reports": _DOCUMENTS,
    "findings": _DOCUMENTS,
    "documents": _DOCUMENTS,
    "texts": _DOCUMENTS,
    "spans": _DOCUMENTS,
    "document_values": _DOCUMENTS,
    "document_metadata": _DOCUMENTS,
    "builds": _DOCUMENTS,
    "build_documents": _DOCUMENTS,
    "chunks": _DOCUMENTS,
}
"""Every table of the database, and what it has to do with people."""

FILES: Mapping[str, str] = {
    "person": "who you are here: name, role, groups, account",
    "identities": "by whom a provider that you sign in with knows you",
    "sessions": "where you are signed in",
    "keys": "keys that act for you, without their secrets",
    "links": "links that were made for you to choose a password",
    "consents": "what you agreed to, and when",
    "holds": "whether what is kept of you must be kept",
    "answers": "your questions and their answers, as you may see them now: what rests on a document that is hidden from you, or erased, is"
    " silent",
    "feedback": "your thumbs and comments",
    "reviews": "your wishes that a person looks at an answer",
    "decisions": "what you did with answers that people look at: your decisions, reasons, notes and corrections",
    "shares": "answers that you let others see",
    "messages": "what you were told, in ids and figures",
    "signals": "signs of how answers served you: copied, asked again, left",
    "spending": "what you may use, and what you used",
    "cases": "golden cases that you changed on the pages: which, and when",
    "uploads": "documents that you uploaded, by the name that the ledger has for them",
    "ledger": "entries of the record of decisions that name you, without the names of others who made them",
}
"""What is in an export, file by file."""
_ANSWERS = 100
_ENTRIES = 1000
"""Read at once."""
_UNTOLD = frozenset({"person.held", "person.unheld"})
"""Why, is not for whom it concerns."""
_OF_PEOPLE = ("account.", "link.", "person.", "session.")
"""Kinds of entries whose subject is a person begin so."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def export_json(app: App, actor: Actor, name: str) -> Iterator[str]:
    """All that is kept of a person, as the pieces of one JSON object: a list for each of `FILES`. Of oneself; of others for owners.
    NotFound where nothing is kept. Rights are looked at before the first piece is asked for."""
    parts = _parts(app, actor, name)

    def pieces() -> Iterator[str]:
        yield "{"
        for n, (file, values) in enumerate(parts.items()):
            yield f"{', ' if n else ''}{json.dumps(file)}: "
            yield from _array(values())
        yield "}\n"

    return pieces()


def export_zip(app: App, actor: Actor, name: str, out: IO[bytes]) -> None:
    """The same as a zip with a file for each part, and one that explains them. Written piece by piece."""
    parts = _parts(app, actor, name)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_member(app, "README.txt"), _readme(app, name))
        for file, values in parts.items():
            with archive.open(_member(app, f"{file}.json"), "w", force_zip64=True) as inside:
                for piece in _array(values()):
                    inside.write(piece.encode())


def export_file(app: App, actor: Actor, name: str, path: Path) -> Path:
    """The zip as a new file that only its owner may read: there is all of it, or nothing under that name."""
    if path.exists():
        raise Refused(f"{path} exists already", "name another file, or take it away")
    part = path.with_name(f".{path.name}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(handle, "wb") as out:
                os.fchmod(out.fileno(), 0o600)
                export_zip(app, actor, name, out)
                out.flush()
                os.fsync(out.fileno())
            part.replace(path)
        finally:
            with suppress(OSError):
                part.unlink()
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull(f"the export does not fit on the disk of {path.parent}", "free some space") from None
        raise OutsideFailed(f"the export cannot be written to {path} ({error.strerror})", "check the place") from None
    return path


# ---------------------------------------------------------------- the parts

_Values: TypeAlias = Callable[[], Iterator[Json]]


def _parts(app: App, actor: Actor, name: str) -> dict[str, _Values]:
    own = name == actor.person
    need(actor, "self" if own else "own", "export what is kept of them" if own else "export what is kept of others")
    with app.database.reading() as tx:
        if not own and name not in tx.names_kept():
            raise NotFound(f"nothing is kept of {name!r}", "`firmground person list` shows who is known")
        viewer = actor if own and actor.via == "http" else _viewer(tx, name)

    def rows(read: Callable[[Transaction], Any]) -> _Values:
        def values() -> Iterator[Json]:
            with app.database.reading() as tx:
                found = read(tx)
            yield from (each if isinstance(each, dict) else each.model_dump(mode="json") for each in found)

        return values

    return {
        "person": rows(lambda tx: [_person(tx, name)]),
        "identities": rows(lambda tx: tx.identities(name)),
        "sessions": rows(lambda tx: tx.sessions(name)),
        "keys": rows(lambda tx: tx.api_keys(name)),
        "links": rows(lambda tx: tx.links(name)),
        "consents": rows(lambda tx: tx.consents(name)),
        "holds": rows(lambda tx: _holds(tx, name, own=own)),
        "answers": lambda: _answers(app, viewer),
        "feedback": rows(lambda tx: [opinions.own_words(app, tx, viewer, each) for each in tx.said_by(name).feedback]),
        "reviews": rows(lambda tx: [opinions.own_words(app, tx, viewer, each) for each in tx.said_by(name).reviews]),
        "decisions": rows(lambda tx: [opinions.own_act(app, tx, viewer, each) for each in tx.acts_by(name)]),
        "shares": rows(lambda tx: [{"answer": id, "at": at.isoformat()} for id, at in tx.said_by(name).shares]),
        "messages": lambda: _messages(app, name),
        "signals": rows(lambda tx: tx.signals_of(name)),
        "spending": rows(lambda tx: budgets.of_person(tx, name)),
        "cases": lambda: _entries(app, name, {"case.changed", "case.confirmed"}),
        "uploads": lambda: _entries(app, name, {"source.uploaded"}),
        "ledger": lambda: _entries(app, name, None, without_reasons=own),
    }


def _viewer(tx: Transaction, name: str) -> Actor:
    """Whoever is known no more sees what everybody may."""
    return tx.actor(name, via="http") if tx.has_person(name) else Actor(person=name, groups=frozenset({PUBLIC, EVERYONE}))


def _person(tx: Transaction, name: str) -> dict[str, Json]:
    account = tx.account(name)
    known = tx.has_person(name)
    return {
        "name": name,
        "known": known,
        "role": tx.actor(name).role if known else None,
        "groups": [*sorted(tx.groups_of(name))] if known else [],
        "account": None if account is None else {"password": account.password, "since": account.created_at.isoformat()},
        "contact": tx.contact(name).model_dump(mode="json", exclude={"person", "proof"}),
    }


def _holds(tx: Transaction, name: str, *, own: bool) -> list[dict[str, Json]]:
    """Whoever is concerned is told that there is one, not why."""
    found = tx.hold(name)
    if found is None:
        return []
    return [{"since": found.at.isoformat()} if own else found.model_dump(mode="json")]


def _answers(app: App, viewer: Actor) -> Iterator[Json]:
    before = ""
    while found := kept.listed(app, viewer, before=before, limit=_ANSWERS, own=True):
        for trace in found:
            yield trace.model_dump(mode="json")
        before = found[-1].answer.id


def _messages(app: App, name: str) -> Iterator[Json]:
    before = ""
    while True:
        with app.database.reading() as tx:
            found = tx.notifications(person=name, before=before, limit=_ENTRIES)
        yield from (each.model_dump(mode="json") for each in found)
        if len(found) < _ENTRIES:
            return
        before = found[-1].id


def _entries(app: App, name: str, kinds: set[str] | None, *, without_reasons: bool = False) -> Iterator[Json]:
    after = 0
    while True:
        with app.database.reading() as tx:
            found = tx.entries(after=after, kinds=kinds, limit=_ENTRIES)
        for entry in found:
            own = entry.by == name and not entry.user  # the command line knows the system's users, not who they are here
            if own or (kinds is None and _concerns(entry, name)):
                told = entry.model_dump(mode="json", exclude={"before", "by", "user", "key"})
                if without_reasons and entry.kind in _UNTOLD:
                    told["detail"] = {}
                yield told | {"by": name if own else None}
        if len(found) < _ENTRIES:
            return
        after = found[-1].number


def _concerns(entry: LedgerEntry, name: str) -> bool:
    """Groups, keys and releases may be called like people: only where a person's name stands it is theirs."""
    about = entry.kind.startswith(_OF_PEOPLE) or entry.detail.get("of") == "person"
    return (about and entry.subject == name) or entry.detail.get("person") == name


def _array(values: Iterator[Json]) -> Iterator[str]:
    yield "["
    for n, value in enumerate(values):
        yield f"{',' if n else ''}\n{json.dumps(value, ensure_ascii=True)}"
    yield "\n]"


def _member(app: App, name: str) -> zipfile.ZipInfo:
    now = app.clock()
    about = zipfile.ZipInfo(name, (now.year, now.month, now.day, now.hour, now.minute, now.second))
    about.compress_type = zipfile.ZIP_DEFLATED
    about.external_attr = 0o600 << 16
    return about


def _readme(app: App, name: str) -> str:
    lines = [
        f"What {app.workspace.name} keeps of {name}, as of {app.clock():%Y-%m-%d %H:%M} UTC.",
        "",
        "Each file is a list in JSON, one thing in a line. Times are UTC. No passwords or secrets are in it.",
        "",
        *(f"{file}.json: {what}" for file, what in FILES.items()),
        "",
        "Not in it: the documents themselves, and backups that were made before, which hold what was kept then.",
    ]
    return "\n".join(lines) + "\n"
