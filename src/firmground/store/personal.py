"""What is kept of one person: found, told and dropped."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, func, select, update

from firmground.accounts import Account
from firmground.personal import Consent, Hold, Over, Said
from firmground.store import review_tables, tables
from firmground.store.unit import Unit
from firmground.types import Feedback, ReviewRequest

_c = tables.consents.c
_h = tables.holds.c
_t = tables.traces.c
_u = tables.usage.c
_HELD = select(_h.person)
_OPINIONS = {"feedback": tables.feedback, "reviews": tables.reviews, "shares": tables.shares}


class PersonalData(Unit):
    """The chapter of a transaction on what is kept of one person."""

    def save_consent(self, consent: Consent) -> None:
        row = consent.model_dump(mode="json")
        ours = (_c.person == row["person"]) & (_c.version == row["version"]) & (_c.at == row["at"])
        self._put(update(tables.consents).where(ours).values(row), tables.consents.insert().values(row))

    def consents(self, person: str | None = None) -> list[Consent]:
        wanted = select(tables.consents) if person is None else select(tables.consents).where(_c.person == person)
        found = [Consent.model_validate(row) for row in self._all(wanted)]
        return sorted(found, key=lambda each: (each.at, each.version))

    def save_hold(self, hold: Hold) -> None:
        row = hold.model_dump(mode="json")
        self._put(update(tables.holds).where(_h.person == hold.person).values(row), tables.holds.insert().values(row))

    def hold(self, person: str) -> Hold | None:
        found = self._all(select(tables.holds).where(_h.person == person))
        return Hold.model_validate(found[0]) if found else None

    def holds(self) -> list[Hold]:
        return [Hold.model_validate(row) for row in self._all(select(tables.holds).order_by(_h.person))]

    def drop_hold(self, person: str) -> None:
        self._connection.execute(delete(tables.holds).where(_h.person == person))

    def said_by(self, person: str) -> Said:
        rows = {name: self._all(select(table).where(table.c.person == person)) for name, table in _OPINIONS.items()}
        shares = [(str(row["answer"]), datetime.fromisoformat(row["at"])) for row in rows["shares"]]
        return Said(
            sorted(map(Feedback.model_validate, rows["feedback"]), key=lambda each: (each.at, each.answer)),
            sorted(map(ReviewRequest.model_validate, rows["reviews"]), key=lambda each: (each.created_at, each.id)),
            sorted(shares, key=lambda each: (each[1], each[0])),
        )

    def trace_ids(self, *, person: str | None = None, but: Collection[str] = (), before: str = "", limit: int) -> list[str]:
        wanted = select(_t.id).order_by(_t.id).limit(limit)
        wanted = wanted if person is None else wanted.where(_t.person == person)
        wanted = wanted.where(_t.person.not_in(sorted(but))) if but else wanted
        return [id for (id,) in self._rows(wanted.where(_t.id < before) if before else wanted)]

    def asker(self, id: str) -> str | None:
        return self._value(select(_t.person).where(_t.id == id))

    def drop_person_data(self, person: str) -> dict[str, int]:
        for table in (tables.sign_ins, tables.opinion_values, review_tables.messages, review_tables.signals):
            self._connection.execute(delete(table).where(table.c.person == person))
        counts = {name: self._dropped(table, person) for name, table in _OPINIONS.items()}
        return {"answers": self._dropped(tables.traces, person), **counts}

    def over_at(self, moment: datetime) -> Over:
        stamp = Account(person="", created_at=moment).model_dump(mode="json")["created_at"]
        over = (and_(each.c.expires_at <= stamp, each.c.person.not_in(_HELD)) for each in (tables.sessions, tables.links))
        ends = (*over, _old(moment))
        return Over(*(int(self._value(select(func.count()).where(each))) for each in ends))

    def drop_usage_before(self, moment: datetime) -> None:
        self._connection.execute(delete(tables.usage).where(_old(moment)))

    def names_kept(self) -> set[str]:
        of = (
            tables.traces,
            *_OPINIONS.values(),
            tables.holds,
            review_tables.review_acts,
            review_tables.pins,
            review_tables.pairs,
            review_tables.signals,
        )
        columns = [tables.persons.c.name, *(each.c.person for each in of)]
        found = {name for column in columns for (name,) in self._rows(select(column).distinct())}
        return found - {""}  # which is what a clock did

    def _dropped(self, table: Any, person: str) -> int:
        """Counted before, since what goes with answers goes before one could count it."""
        count = self._value(select(func.count()).select_from(table).where(table.c.person == person))
        self._connection.execute(delete(table).where(table.c.person == person))
        return int(count)

    def _all(self, wanted: Select[Any]) -> list[dict[str, Any]]:
        return [dict(row) for row in self._connection.execute(wanted).mappings()]


def _old(moment: datetime) -> ColumnElement[bool]:
    """Usage of days before, but of those that are under a hold."""
    return and_(_u.day < f"{moment:%Y-%m-%d}", _u.person.not_in(_HELD))
