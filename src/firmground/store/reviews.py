"""What people look at: found by urgency, by who holds it and by what it rests on, and taken by one of them."""

import json
from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, get_args

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, delete, exists, func, insert, or_, select, update

from firmground.errors import InvalidInput, NotFound
from firmground.reviews import ItemCounts, ItemState, Priority, ReviewAct, ReviewItem
from firmground.rights import Role
from firmground.store import review_tables, tables
from firmground.store.unit import Unit, in_lots, packed
from firmground.types import Draft

_PRIORITIES: tuple[Priority, ...] = get_args(Priority)
_i = review_tables.review_items.c
_a = review_tables.review_acts.c
_w = review_tables.review_deciders.c
_t = tables.trace_documents.c
_d = tables.documents.c
_r = tables.reviews.c
_COLUMNS = ("id", "answer", "asker", "state", "role", "told", "revision", "holder")
_BARE = frozenset({*_COLUMNS, "priority", "due_at", "created_at", "lease_until", "decided_by"})
_ITEM = (*(_i[name] for name in _COLUMNS), _i.rank, _i.due_at, _i.created_at, _i.lease_until, _i.body)
_ANSWERS: BindParameter[str] = bindparam("answers", expanding=True)
_LAST = "\U0010ffff"
_HELD = select(tables.holds.c.person)
_DECIDERS = select(_w.item, _w.person).where(_w.item.in_(bindparam("items", expanding=True))).order_by(_w.item, _w.place)


class Reviews(Unit):
    """The chapter of a transaction on what people look at."""

    def save_item(self, item: ReviewItem) -> None:
        row = {name: getattr(item, name) for name in _COLUMNS} | {
            "rank": _PRIORITIES.index(item.priority),
            "due_at": _stamp(item.due_at),
            "created_at": _stamp(item.created_at),
            "paused": item.paused_at is not None,
            "lease_until": _stamp(item.lease_until) if item.lease_until else "",
            "body": packed(item.model_dump(mode="json", exclude={*_BARE})),
        }
        before = self._value(select(_i.id).where(_i.id == item.id))
        if before is None:
            self._connection.execute(insert(review_tables.review_items), row)
        else:
            self._connection.execute(update(review_tables.review_items).where(_i.id == item.id).values(row))
            self._connection.execute(delete(review_tables.review_deciders).where(_w.item == item.id))
        deciders = enumerate(item.decided_by)
        self._insert(
            review_tables.review_deciders, [{"item": item.id, "person": each, "place": place} for place, each in deciders]
        )

    def item(self, id: str) -> ReviewItem | None:
        found = self._items(select(*_ITEM).where(_i.id == id))
        return found[0] if found else None

    def find_item(
        self, reference: str, *, roles: Collection[Role] | None = None, scopes: Collection[int] | None = None
    ) -> ReviewItem:
        begins = and_(_i.id >= reference, _i.id < reference + _LAST)
        wanted = select(_i.id).where(begins, *_for(roles, scopes)).order_by(_i.id).limit(4)
        ids = [id for (id,) in self._rows(wanted)] if reference else []
        if reference in ids:
            ids = [reference]
        if len(ids) > 1:
            found = ", ".join(ids[:3])
            raise InvalidInput(f"'{reference}' may mean {found}{', …' if len(ids) > 3 else ''}", "name one of them in full")
        item = self.item(ids[0]) if ids else None
        if item is None:
            raise NotFound(f"nothing called '{reference}' is there to review", "`firmground review list` shows what waits")
        return item

    def take_item(self, id: str, person: str, *, now: datetime, until: datetime) -> bool:
        free = and_(_i.state == "waiting", or_(_free_at(now), _i.holder == person))
        taken = {"holder": person, "lease_until": _stamp(until), "revision": _i.revision + 1}
        return bool(self._connection.execute(update(review_tables.review_items).where(_i.id == id, free).values(taken)).rowcount)

    def items_of(self, answers: Collection[str]) -> list[ReviewItem]:
        wanted = select(*_ITEM).where(_i.answer.in_(_ANSWERS))
        found = [item for lot in in_lots(answers) for item in self._items(wanted, {"answers": lot})]
        return sorted(found, key=lambda each: (each.created_at, each.id))

    def items(
        self,
        *,
        roles: Collection[Role] | None = None,
        scopes: Collection[int] | None = None,
        state: ItemState | None = "waiting",
        holder: str | None = None,
        free_at: datetime | None = None,
        but_asker: str = "",
        but_decided_by: str = "",
        rests_on: Collection[str] | None = None,
        after: str = "",
        limit: int,
    ) -> list[ReviewItem]:
        wanted = select(*_ITEM).where(*_for(roles, scopes), *_but(but_asker, but_decided_by)).limit(limit)
        if state is not None:
            wanted = wanted.where(_i.state == state)
        if holder is not None:
            wanted = wanted.where(_i.holder == holder)
        if free_at is not None:
            wanted = wanted.where(_free_at(free_at), _i.paused.is_(False))
        if rests_on is not None:
            wanted = wanted.where(_i.answer.in_(select(_t.trace).where(_t.document.in_(sorted(rests_on)))))
        return self._items(self._on_from(_in_order(wanted, state), after, state))

    def count_items(
        self,
        *,
        now: datetime,
        person: str,
        roles: Collection[Role] | None = None,
        scopes: Collection[int] | None = None,
        but_asker: str = "",
    ) -> ItemCounts:
        mine = and_(_i.holder == person, _i.lease_until > _stamp(now))
        late = and_(_i.due_at < _stamp(now), _i.paused.is_(False))
        wanted = select(func.count(), *(func.count().filter(each) for each in (mine, late))).select_from(
            review_tables.review_items
        )
        (row,) = self._rows(wanted.where(_i.state == "waiting", *_for(roles, scopes), *_but(but_asker, person)))
        return ItemCounts(*map(int, row))

    def in_hand(self) -> list[ReviewItem]:
        return self._items(select(*_ITEM).where(_i.holder > "", _i.state == "waiting").order_by(_i.id))

    def items_seen(self, ids: Collection[str], scopes: Collection[int]) -> set[str]:
        seen = select(_i.id).where(*_for(None, scopes))
        return {id for lot in in_lots(ids) for (id,) in self._rows(seen.where(_i.id.in_(lot)))}

    def due_before(self, moment: datetime, *, told: str, limit: int) -> list[ReviewItem]:
        due = and_(_i.state == "waiting", _i.told == told, _i.due_at < _stamp(moment), _i.paused.is_(False))
        return self._items(select(*_ITEM).where(due).order_by(_i.due_at, _i.id).limit(limit))

    def unheard(self, *, limit: int) -> list[str]:
        heard = exists(select(_i.id).where(_i.answer == _r.answer, _i.state == "waiting"))
        wanted = select(_r.answer).where(_r.state == "open", ~heard).distinct().order_by(_r.answer).limit(limit)
        return [answer for (answer,) in self._rows(wanted)]

    def add_act(self, act: ReviewAct) -> None:
        body = packed(act.model_dump(mode="json", exclude={"item", "number", "person"}))
        self._insert(review_tables.review_acts, [{"item": act.item, "number": act.number, "person": act.person, "body": body}])

    def acts(self, items: Collection[str]) -> dict[str, list[ReviewAct]]:
        found: dict[str, list[ReviewAct]] = defaultdict(list)
        for lot in in_lots(items):
            for act in self._acts(select(review_tables.review_acts).where(_a.item.in_(lot)).order_by(_a.item, _a.number)):
                found[act.item].append(act)
        return dict(found)

    def acts_by(self, person: str) -> list[ReviewAct]:
        found = self._acts(select(review_tables.review_acts).where(_a.person == person))
        return sorted(found, key=lambda each: (each.at, each.item, each.number))

    def rename_reviewer(self, name: str, alias: str) -> int:
        self._connection.execute(update(review_tables.review_items).where(_i.holder == name).values(holder="", lease_until=""))
        self._connection.execute(update(review_tables.review_deciders).where(_w.person == name).values(person=alias))
        return self._connection.execute(update(review_tables.review_acts).where(_a.person == name).values(person=alias)).rowcount

    def drop_wishes(self, person: str) -> None:
        for act in self._acts(select(review_tables.review_acts).where(_a.person == person)):
            if act.act in {"open", "reopen"} and act.note:
                self._save_act(act.model_copy(update={"note": ""}))

    def drop_written(self, answers: Collection[str]) -> None:
        for lot in in_lots(answers):
            of = select(_i.id).where(_i.answer.in_(lot))
            for act in self._acts(select(review_tables.review_acts).where(_a.item.in_(of), _a.person.not_in(_HELD))):
                if act.note or act.wrote:
                    wrote = act.wrote and Draft(status=act.wrote.status, text="")
                    self._save_act(act.model_copy(update={"note": "", "wrote": wrote}))

    def _save_act(self, act: ReviewAct) -> None:
        body = packed(act.model_dump(mode="json", exclude={"item", "number", "person"}))
        this = and_(_a.item == act.item, _a.number == act.number)
        self._connection.execute(update(review_tables.review_acts).where(this).values(body=body))

    def _on_from(self, wanted: Select[Any], after: str, state: ItemState | None) -> Select[Any]:
        if not after:
            return wanted
        row = self._rows(select(_i.rank, _i.due_at).where(_i.id == after))
        if not row:
            raise NotFound("the page before is gone", "begin with the first")
        if state != "waiting":
            return wanted.where(_i.id < after)
        rank, due = row[0]
        same = and_(_i.rank == rank, or_(_i.due_at > due, and_(_i.due_at == due, _i.id > after)))
        return wanted.where(or_(_i.rank > rank, same))

    def _items(self, wanted: Select[Any], values: dict[str, Any] | None = None) -> list[ReviewItem]:
        rows = self._rows(wanted, values)
        deciders: dict[str, list[str]] = defaultdict(list)
        for lot in in_lots([row[0] for row in rows]):
            for item, person in self._rows(_DECIDERS, {"items": lot}):
                deciders[item].append(person)
        return [_item(row, deciders.get(row[0], [])) for row in rows]

    def _acts(self, wanted: Select[Any]) -> list[ReviewAct]:
        return [
            ReviewAct.model_validate({"item": item, "number": number, "person": person, **json.loads(body)})
            for item, number, person, body in self._rows(wanted)
        ]


def _item(row: tuple[Any, ...], deciders: list[str]) -> ReviewItem:
    *columns, rank, due, created, lease, body = row
    fields: dict[str, Any] = {
        **json.loads(body),
        **dict(zip(_COLUMNS, columns, strict=True)),
        "priority": _PRIORITIES[rank],
        "due_at": due,
        "created_at": created,
        "lease_until": lease or None,
        "decided_by": deciders,
    }
    return ReviewItem.model_validate(fields)


def _free_at(moment: datetime) -> ColumnElement[bool]:
    return or_(_i.holder == "", _i.lease_until < _stamp(moment))


def _for(roles: Collection[Role] | None, scopes: Collection[int] | None) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [] if roles is None else [_i.role.in_(sorted(roles))]
    if scopes is not None:  # an address (it has a slash) is only named beside an answer
        named = select(_t.document).outerjoin(tables.documents, _d.id == _t.document)
        hidden = or_(_d.scope.is_(None), _d.scope.not_in(sorted(scopes)))
        wanted.append(~exists(named.where(_t.trace == _i.answer, _t.document.not_like("%/%"), hidden)))
    return wanted


def _but(asker: str, decider: str) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [_i.asker != asker] if asker else []
    if decider:
        wanted.append(~exists(select(_w.item).where(_w.item == _i.id, _w.person == decider)))
    return wanted


def _in_order(wanted: Select[Any], state: ItemState | None) -> Select[Any]:
    return wanted.order_by(_i.rank, _i.due_at, _i.id) if state == "waiting" else wanted.order_by(_i.id.desc())


def _stamp(moment: datetime) -> str:
    """Of equal length, so that later ones sort later."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
