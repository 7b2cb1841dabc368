"""Which way a setting of the policy is stricter. Whoever adds one says so where it is declared; without that, any change of it counts as
loosening, so that nothing is let through for want of a word."""

from collections.abc import Mapping, Set
from typing import Any, cast

from firmground.types import Value


class Direction(str):
    """Marks a field: `Annotated[float, LOWER]`."""

    __slots__ = ()


LOWER = Direction("lower")
"""The lower, the stricter: a limit."""
HIGHER = Direction("higher")
"""The higher, the stricter: a least number; true is stricter than false."""
MORE = Direction("more")
"""The more it lists, the stricter."""
NEITHER = Direction("neither")
"""Has no order: any change counts as loosening."""


def direction_of(model: type[Value], field: str) -> Direction | None:
    """What a field declares; None where it declares nothing."""
    marks = [each for each in model.model_fields[field].metadata if isinstance(each, Direction)]
    return marks[0] if marks else None


def laxer(before: Value, after: Value) -> list[str]:
    """The fields by which `after` asks less than `before`, or may, as `at_most: 0.02 → 0.05`; those that one of them does not have
    included."""
    now, then = _fields(after), _fields(before)
    return [
        f"{name}: {_told(then, name)} → {_told(now, name)}"
        for name in dict.fromkeys([*then, *now])
        if name not in then or name not in now or not _as_strict(then[name], now[name], _direction(after, name))
    ]


def _fields(value: Value) -> dict[str, Any]:
    return {name: getattr(value, name) for name in type(value).model_fields}


def _direction(value: Value, name: str) -> Direction | None:
    return direction_of(type(value), name)


def _as_strict(before: Any, after: Any, direction: Direction | None) -> bool:
    if before == after:
        return True
    if isinstance(before, int | float) and isinstance(after, int | float):
        if direction == LOWER:
            return after <= before
        return direction == HIGHER and after >= before
    if direction == MORE and isinstance(before, tuple | Set) and isinstance(after, tuple | Set):
        return {*cast("tuple[Any, ...]", after)} >= {*cast("tuple[Any, ...]", before)}
    return False


def _told(fields: Mapping[str, Any], name: str) -> str:
    if name not in fields:
        return "absent"
    value = fields[name]
    if isinstance(value, tuple | Set):
        return f"[{', '.join(sorted(map(str, cast('tuple[Any, ...]', value))))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)
