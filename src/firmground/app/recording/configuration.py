"""What the record says of settings: that others were loaded, and which keys differ. Never a value: some are nobody's business."""

import re
from typing import Any, cast

from firmground.ports import Transaction
from firmground.settings import Settings
from firmground.types import Json, digest

LOADED = "configuration.loaded"
_TOLD = "configuration"
"""Namespace of the digests of the values that were recorded last: in the ledger they could be guessed for ever."""
_DIGESTS = "digests"
"""All of them, by the key of the setting. Earlier versions kept each as a fact of its own."""
_DEPTH = 3
_ACCOUNT = re.compile(r"//[^/@\s]*@")


def told(tx: Transaction, settings: Settings) -> bool:
    """Whether these settings are those that were recorded last."""
    last = tx.entries(kinds=[LOADED], newest_first=True, limit=1)
    return bool(last) and last[0].detail.get("settings") == digest(_values(settings))


def news(tx: Transaction, settings: Settings) -> dict[str, Json] | None:
    """What an entry says of these settings, and remember them; None where they were recorded last."""
    if told(tx, settings):
        return None
    values = _values(settings)
    digests: dict[str, Json] = {key: digest(value) for key, value in values.items()}
    kept = tx.facts(_TOLD)
    before = cast("dict[str, Json]", kept.get(_DIGESTS, kept)) or {
        key: digest(value) for key, value in _values(Settings()).items()
    }
    changed = sorted(key for key in {*digests, *before} if digests.get(key) != before.get(key))
    tx.drop_facts(_TOLD)
    tx.put_fact(_TOLD, _DIGESTS, digests)
    return {"settings": digest(cast("Json", values)), "changed": cast("Json", changed)}


def _values(settings: Settings) -> dict[str, Json]:
    """By dotted name, without the names and passwords that stand in addresses."""
    found: dict[str, Json] = {}
    _flatten(settings.model_dump(mode="json"), "", found)
    return found


def _flatten(value: Any, name: str, found: dict[str, Json]) -> None:
    if name == "sources":
        value = {each["name"]: each for each in value}
        if not value:
            return
    if isinstance(value, dict) and value and name.count(".") < _DEPTH - 1:
        for key, inner in cast("dict[str, Any]", value).items():
            _flatten(inner, f"{name}.{key}" if name else key, found)
    else:
        found[name] = _ACCOUNT.sub("//", value) if isinstance(value, str) else value
