"""Reports of syncs, and small durable facts."""

import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from firmground.store import tables
from firmground.store.unit import Unit, in_lots, loaded_list, made, packed
from firmground.types import Finding, Json

_f = tables.facts.c
_CHANGED = (
    update(tables.facts)
    .where(_f.namespace == bindparam("in_namespace"), _f.key == bindparam("of_key"))
    .values(value=bindparam("now"))
)
_FACT = select(_f.value).where(_f.namespace == bindparam("namespace"), _f.key == bindparam("key"))
_FINDING = [column for column in tables.findings.c if column.name not in {"source", "ordinal"}]


class Facts(Unit):
    """The chapter of a transaction on reports and facts."""

    def save_report(self, source: str, report: Json, findings: Sequence[Finding]) -> None:
        self._connection.execute(delete(tables.reports).where(tables.reports.c.source == source))
        self._insert(tables.reports, [{"source": source, "report": packed(report)}])
        rows = [
            {"source": source, "ordinal": n, **finding.model_dump(), "related": packed(finding.related)}
            for n, finding in enumerate(findings)
        ]
        self._insert(tables.findings, rows)

    def report(self, source: str) -> tuple[Json, list[Finding]] | None:
        report = self._value(select(tables.reports.c.report).where(tables.reports.c.source == source))
        if report is None:
            return None
        rows = self._rows(select(*_FINDING).where(tables.findings.c.source == source).order_by(tables.findings.c.ordinal))
        return json.loads(report), [_finding(row) for row in rows]

    def put_fact(self, namespace: str, key: str, value: Json) -> None:
        now = packed(value)
        if not self._connection.execute(_CHANGED, {"in_namespace": namespace, "of_key": key, "now": now}).rowcount:
            self._insert(tables.facts, [{"namespace": namespace, "key": key, "value": now}])

    def fact(self, namespace: str, key: str) -> Json:
        """None where there is none."""
        value = self._value(_FACT, {"namespace": namespace, "key": key})
        return None if value is None else json.loads(value)

    def facts(self, namespace: str) -> dict[str, Json]:
        rows = self._rows(select(_f.key, _f.value).where(_f.namespace == namespace).order_by(_f.key))
        return {key: json.loads(value) for key, value in rows}

    def drop_facts(self, namespace: str, keys: Collection[str] | None = None) -> None:
        if keys is None:
            self._connection.execute(delete(tables.facts).where(_f.namespace == namespace))
            return
        for lot in in_lots(keys):
            self._connection.execute(delete(tables.facts).where(_f.namespace == namespace, _f.key.in_(lot)))


def _finding(row: Sequence[Any]) -> Finding:
    fields: dict[str, Any] = dict(zip((column.name for column in _FINDING), row, strict=True))
    return made(Finding, {**fields, "related": tuple(loaded_list(fields["related"]))})
