"""What use teaches: pins, and pairs and signs with the answer that they come from."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any, cast

from sqlalchemy import BindParameter, Select, bindparam, delete, exists, select, update

from firmground.lessons import Pair, Pin, PinState, Signal
from firmground.store.review_tables import pairs, pin_documents, pins, signals
from firmground.store.unit import Unit, in_lots, packed
from firmground.types import Draft

_p = pins.c
_d = pin_documents.c
_r = pairs.c
_s = signals.c
_ANSWERS: BindParameter[str] = bindparam("answers", expanding=True)
_SIGNALS = select(signals).where(_s.answer.in_(_ANSWERS)).order_by(_s.at, _s.person, _s.kind)


class Lessons(Unit):
    """The chapter of a transaction on what use teaches."""

    def save_pin(self, pin: Pin) -> None:
        told = pin.model_dump(mode="json")
        row = {name: told[name] for name in ("id", "key", "state", "answer", "at")} | {"person": pin.by, "body": packed(told)}
        self._put(update(pins).where(_p.id == pin.id).values(row), pins.insert().values(row))
        self._connection.execute(delete(pin_documents).where(_d.pin == pin.id))
        self._insert(pin_documents, [{"document": document, "pin": pin.id} for document in sorted(pin.sources)])

    def pin(self, id: str) -> Pin | None:
        body = self._value(select(_p.body).where(_p.id == id))
        return None if body is None else Pin.model_validate_json(body)

    def pins(
        self,
        *,
        key: str | None = None,
        state: PinState | None = None,
        answer: str | None = None,
        documents: Collection[str] | None = None,
    ) -> list[Pin]:
        wanted = select(_p.id, _p.at, _p.body)
        for column, value in ((_p.key, key), (_p.state, state), (_p.answer, answer)):
            wanted = wanted if value is None else wanted.where(column == value)
        found: dict[str, tuple[str, str]] = {}
        for lot in [None] if documents is None else in_lots(sorted(documents)):
            some = wanted if lot is None else wanted.where(exists().where(_d.pin == _p.id, _d.document.in_(lot)))
            found |= {str(id): (str(at), str(body)) for id, at, body in self._rows(some)}
        newest = sorted(found.items(), key=lambda each: (each[1][0], each[0]), reverse=True)
        return [Pin.model_validate_json(body) for _, (_, body) in newest]

    def drop_pins(self, ids: Collection[str]) -> None:
        for lot in in_lots(ids):
            self._connection.execute(delete(pins).where(_p.id.in_(lot)))

    def save_pair(self, pair: Pair) -> None:
        told = pair.model_dump(mode="json")
        row = {name: told[name] for name in ("id", "document", "answer")} | {"person": pair.by, "body": packed(told)}
        self._put(update(pairs).where(_r.id == pair.id).values(row), pairs.insert().values(row))

    def pairs(self, *, document: str | None = None) -> Iterator[Pair]:
        wanted = select(_r.body) if document is None else select(_r.body).where(_r.document == document)
        found = [Pair.model_validate_json(body) for (body,) in self._rows(wanted)]
        yield from sorted(found, key=lambda each: (each.at, each.id))

    def drop_pairs(self, ids: Collection[str]) -> None:
        for lot in in_lots(ids):
            self._connection.execute(delete(pairs).where(_r.id.in_(lot)))

    def drop_taught(self, documents: Collection[str]) -> None:
        for pin in self.pins(documents=documents):
            nothing = Draft(status=pin.says.status, text="")
            waits = {} if pin.state == "retired" else {"state": "waiting", "item": ""}
            self.save_pin(pin.model_copy(update={"says": nothing, "evidence": (), **waits}))
        for lot in in_lots(documents):
            self._connection.execute(delete(pairs).where(_r.document.in_(lot)))

    def rename_teacher(self, name: str, alias: str) -> None:
        for pin in self.pins():
            if pin.by == name:
                self.save_pin(pin.model_copy(update={"by": alias}))
        for pair in self.pairs():
            if pair.by == name:
                self.save_pair(pair.model_copy(update={"by": alias}))

    def add_signal(self, signal: Signal) -> None:
        ours = (_s.answer == signal.answer) & (_s.person == signal.person) & (_s.kind == signal.kind)
        if self._value(select(_s.kind).where(ours)) is None:
            self._insert(signals, [signal.model_dump(mode="json") | {"detail": packed(signal.detail)}])

    def signals(self, answers: Collection[str]) -> dict[str, list[Signal]]:
        found: dict[str, list[Signal]] = defaultdict(list)
        for lot in in_lots(answers):
            for signal in self._read(_SIGNALS, {"answers": lot}):
                found[signal.answer].append(signal)
        return dict(found)

    def signals_of(self, person: str) -> list[Signal]:
        return [*self._read(select(signals).where(_s.person == person).order_by(_s.at, _s.answer, _s.kind))]

    def _read(self, wanted: Select[Any], values: dict[str, Any] | None = None) -> Iterator[Signal]:
        for row in self._connection.execute(wanted, values).mappings():
            told = cast("dict[str, Any]", {**row}) | {"detail": json.loads(str(row["detail"]))}
            yield Signal.model_validate(told)
