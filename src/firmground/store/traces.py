"""What was answered: each answer with its evidence as one JSON text, found by person, conversation and document."""

import logging
from collections.abc import Collection, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Select, and_, bindparam, delete, insert, select, update

from firmground.errors import Damaged, InvalidInput, NotFound
from firmground.store.tables import trace_documents, traces
from firmground.store.unit import Unit, in_lots, packed
from firmground.types import Passage, Trace

_log = logging.getLogger(__name__)
_t = traces.c
_d = trace_documents.c
_LAST = "\U0010ffff"
_BODY = select(_t.body).where(_t.id == bindparam("id"))
_NAMED_BY = select(_d.document).where(_d.trace.in_(bindparam("traces", expanding=True))).distinct()
_UPDATE = update(traces).where(_t.id == bindparam("known"))
_UNNAMED = delete(trace_documents).where(_d.trace == bindparam("id"))


class Traces(Unit):
    """The chapter of a transaction on answers."""

    def save_trace(self, trace: Trace) -> None:
        """InvalidInput where it holds a number that JSON has no word for. It is found by the documents of its evidence, its citations
        and closest passages, and by those that an answer of its context is found by; once something of it is erased, nothing of its
        context is left in it, and it is found by its own documents only."""
        answer = trace.answer
        row = {"person": trace.person, "conversation": answer.conversation, "body": packed(trace.model_dump(mode="json"))}
        if self._connection.execute(_UPDATE.values(row), {"known": answer.id}).rowcount:
            self._connection.execute(_UNNAMED, {"id": answer.id})
        else:
            self._connection.execute(insert(traces), {"id": answer.id, **row})
        named = _named(trace) if trace.erased else _named(trace) | self._named_by(trace.context)
        self._insert(trace_documents, [{"document": document, "trace": answer.id} for document in sorted(named)])

    def trace(self, id: str) -> Trace | None:
        body = self._value(_BODY, {"id": id})
        return None if body is None else _trace(body)

    def find_trace(self, reference: str, *, person: str | None = None) -> Trace:
        begins = and_(_t.id >= reference, _t.id < reference + _LAST)
        ids = [id for (id,) in self._rows(_ids(person, None).where(begins).order_by(_t.id).limit(4))] if reference else []
        if reference in ids:
            ids = [reference]
        if len(ids) > 1:
            found = ", ".join(ids[:3])
            raise InvalidInput(f"'{reference}' may mean {found}{', …' if len(ids) > 3 else ''}", "name one of them in full")
        found = self.trace(ids[0]) if ids else None
        if found is None:
            raise NotFound(f"there is no answer '{reference}'", "give the id that the answer came with, or its beginning")
        return found

    def traces(
        self, *, person: str | None = None, but: str = "", conversation: str | None = None, before: str = "", limit: int = 100
    ) -> list[Trace]:
        wanted = _ids(person, conversation).order_by(_t.id.desc())
        wanted = wanted.where(_t.person != but) if but else wanted
        found: list[Trace] = []
        while len(found) < limit:
            ids = self._rows((wanted.where(_t.id < before) if before else wanted).limit(limit - len(found)))
            for (id,) in ids:
                try:
                    found += self._loaded([(id,)])
                except Damaged as error:
                    _log.warning("left out answer %s: %s", id, error)
            if not ids:
                break
            before = ids[-1][0]
        return found

    def latest_trace(self, person: str) -> str:
        return self._value(_ids(person, None).order_by(_t.id.desc()).limit(1)) or ""

    def traces_of(self, documents: Collection[str], *, person: str | None = None, before: str = "", limit: int) -> list[Trace]:
        found: set[tuple[str]] = set()
        for lot in in_lots(documents):
            wanted = select(_d.trace).where(_d.document.in_(lot)).distinct().order_by(_d.trace.desc()).limit(limit)
            wanted = wanted if person is None else wanted.join(traces, _t.id == _d.trace).where(_t.person == person)
            found |= {(id,) for (id,) in self._rows(wanted.where(_d.trace < before) if before else wanted)}
        return self._loaded(sorted(found, reverse=True)[:limit])

    def drop_traces(self, ids: Collection[str]) -> None:
        for lot in in_lots(ids):
            self._connection.execute(delete(traces).where(_t.id.in_(lot)))

    def _named_by(self, ids: Collection[str]) -> set[str]:
        """Ids of documents only: an address (it has a slash) was named beside an answer, and no later one was made of its words."""
        found = (document for lot in in_lots(ids) for (document,) in self._rows(_NAMED_BY, {"traces": lot}))
        return {document for document in found if "/" not in document}

    def _loaded(self, ids: Sequence[tuple[Any, ...]]) -> list[Trace]:
        """One by one, in their order: sorting them with their bodies would take longer."""
        return [_trace(self._value(_BODY, {"id": id})) for (id,) in ids]


def _ids(person: str | None, conversation: str | None) -> Select[tuple[str]]:
    """A conversation has few answers, a person many: left the choice, SQLite looks through the person's for those of the conversation."""
    wanted = select(_t.id)
    if conversation is None:
        return wanted if person is None else wanted.where(_t.person == person)
    wanted = wanted.where(_t.conversation == conversation)
    return wanted if person is None else wanted.where(_t.person.concat("") == person)


def _trace(body: str) -> Trace:
    try:
        return Trace.model_validate_json(body)
    except ValueError:
        raise Damaged(
            "a kept answer cannot be read", "use the version of Firmground that wrote it or a newer one, or restore a backup"
        ) from None


def _named(trace: Trace) -> set[str]:
    """Ids of the documents whose words it holds, and the addresses of those it names besides."""
    told = (trace.answer, *([trace.draft] if trace.draft else []))
    passages = [*(each for each in (*trace.evidence, *trace.added) if isinstance(each, Passage)), *trace.answer.closest]
    cited = {each.document for said in told for each in said.citations if each.title or each.uri or each.snippet}
    notices = chain.from_iterable(said.notices for said in told)
    addresses = chain(*(each.also for each in passages), *(each.about for each in notices))
    return {each.document for each in passages} | cited | set(addresses)
