"""What placeholders stand for, encrypted: kept with the document or answer it was found in."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Delete, Executable, Table, bindparam, delete, select

from firmground.redaction import HiddenIn, HiddenValue
from firmground.store import tables
from firmground.store.unit import Unit, in_lots, made

_FEW = 200
"""Words that the database looks for; among more, reading all rows is as quick."""
_d = tables.document_values.c
_of = tables.documents.c
_a = tables.answer_values.c
_IN_DOCUMENTS = (
    select(_d.placeholder, _d.kind, _d.sealed, _d.document)
    .where(_d.document.in_(bindparam("numbers", expanding=True)))
    .order_by(_d.document, _d.placeholder)
)
_THESE_IN_DOCUMENTS = _IN_DOCUMENTS.where(_d.placeholder.in_(bindparam("words", expanding=True)))
_IN_NAMED = (
    select(_d.placeholder, _d.kind, _d.sealed, _of.source, _of.scope)
    .join(tables.documents, _of.number == _d.document)
    .where(_of.id.in_(bindparam("ids", expanding=True)))
    .order_by(_d.document, _d.placeholder)
)
_THESE_IN_NAMED = _IN_NAMED.where(_d.placeholder.in_(bindparam("words", expanding=True)))
_WHERE = (
    select(_d.placeholder, _of.source, _of.scope)
    .join(tables.documents, _of.number == _d.document)
    .where(_d.placeholder.in_(bindparam("words", expanding=True)), _of.state == "indexed")
    .distinct()
)
_IN_ANSWERS = (
    select(_a.answer, _a.placeholder, _a.kind, _a.sealed)
    .where(_a.answer.in_(bindparam("answers", expanding=True)))
    .order_by(_a.answer, _a.placeholder)
)
_o = tables.opinion_values.c


class HiddenValues(Unit):
    """The chapter of a transaction on what placeholders stand for."""

    def hide_in_document(self, number: int, values: Sequence[HiddenValue]) -> None:
        self._replace(tables.document_values, {"document": number}, values)

    def hidden_in_documents(self, numbers: Collection[int], placeholders: Collection[str] = ()) -> dict[int, list[HiddenValue]]:
        found: dict[int, list[HiddenValue]] = defaultdict(list)
        for lot in in_lots(sorted(set(numbers))):
            for word, kind, sealed, number in self._among(placeholders, _IN_DOCUMENTS, _THESE_IN_DOCUMENTS, {"numbers": lot}):
                found[int(number)].append(made(HiddenValue, {"placeholder": word, "kind": kind, "sealed": sealed}))
        return dict(found)

    def hidden_in_named(self, ids: Collection[str], placeholders: Collection[str] = ()) -> list[HiddenIn]:
        return [
            HiddenIn(str(source), int(scope), made(HiddenValue, {"placeholder": word, "kind": kind, "sealed": sealed}))
            for lot in in_lots(sorted(set(ids)))
            for word, kind, sealed, source, scope in self._among(placeholders, _IN_NAMED, _THESE_IN_NAMED, {"ids": lot})
        ]

    def _among(
        self, placeholders: Collection[str], all_: Executable, these: Executable, given: Mapping[str, Sequence[Any]]
    ) -> Iterable[tuple[Any, ...]]:
        """Rows, which begin with a placeholder, of these only; of all without any."""
        if not placeholders:
            return self._rows(all_, given)
        only = set(placeholders)
        if len(only) <= _FEW:
            return self._rows(these, {**given, "words": sorted(only)})
        return (row for row in self._rows(all_, given) if row[0] in only)

    def where_hidden(self, placeholders: Collection[str]) -> dict[str, set[tuple[str, int]]]:
        found: dict[str, set[tuple[str, int]]] = defaultdict(set)
        for lot in in_lots(sorted(set(placeholders))):
            for word, source, scope in self._rows(_WHERE, {"words": lot}):
                found[str(word)].add((str(source), int(scope)))
        return dict(found)

    def hide_in_answer(self, answer: str, values: Sequence[HiddenValue]) -> None:
        self._replace(tables.answer_values, {"answer": answer}, values)

    def hidden_in_answers(self, answers: Collection[str]) -> dict[str, list[HiddenValue]]:
        found: dict[str, list[HiddenValue]] = defaultdict(list)
        for lot in in_lots(sorted(set(answers))):
            for answer, word, kind, sealed in self._rows(_IN_ANSWERS, {"answers": lot}):
                found[str(answer)].append(made(HiddenValue, {"placeholder": word, "kind": kind, "sealed": sealed}))
        return dict(found)

    def hide_in_opinion(self, answer: str, person: str, values: Sequence[HiddenValue]) -> None:
        self._replace(tables.opinion_values, {"answer": answer, "person": person}, values)

    def hidden_in_opinions(self, answers: Collection[str], person: str) -> dict[str, list[HiddenValue]]:
        found: dict[str, list[HiddenValue]] = defaultdict(list)
        for lot in in_lots(sorted(set(answers))):
            wanted = select(_o.answer, _o.placeholder, _o.kind, _o.sealed).where(_o.answer.in_(lot), _o.person == person)
            for answer, word, kind, sealed in self._rows(wanted.order_by(_o.answer, _o.placeholder)):
                found[str(answer)].append(made(HiddenValue, {"placeholder": word, "kind": kind, "sealed": sealed}))
        return dict(found)

    def _replace(self, table: Table, owner: dict[str, int | str], values: Sequence[HiddenValue]) -> None:
        self._connection.execute(_without(table, tuple(owner)), owner)
        self._insert(table, [{**owner, **vars(value)} for value in values])


@cache
def _without(table: Table, columns: tuple[str, ...]) -> Delete:
    """What deletes the rows of one owner, built once: building it takes longer than running it."""
    return delete(table).where(*(table.c[column] == bindparam(column) for column in columns))
