"""Who may see a document, where several places have a say."""

from collections.abc import Sequence

PUBLIC = "public"
"""Everybody, also who is not signed in."""
EVERYONE = "everyone"
"""Every person who is signed in."""


def narrowed(allowed: Sequence[str], wanted: Sequence[str] | None) -> tuple[str, ...]:
    """The groups that may see a document whose place allows `allowed` and that itself asks for `wanted` (None: asks nothing).

    Settings decide who sees a place; what lies in that place (front matter, a sidecar file) may narrow this, never widen it: whoever
    may write a file must not decide that more people see the folder. An empty result means that only administrators see it.
    """
    if wanted is None:
        return tuple(sorted(set(allowed)))
    if PUBLIC in allowed:
        return tuple(sorted(set(wanted)))
    if EVERYONE in allowed:
        return tuple(sorted({EVERYONE if group == PUBLIC else group for group in wanted}))
    return tuple(sorted(set(wanted) & set(allowed)))


def agreed(said: Sequence[tuple[str, Sequence[str]]]) -> tuple[str, ...]:
    """What it comes to: the first allows, the others narrow."""
    allowed: tuple[str, ...] | None = None
    for _, groups in said:
        allowed = narrowed(groups, None) if allowed is None else narrowed(allowed, groups)
    return allowed or ()


def common(one: Sequence[str], two: Sequence[str]) -> tuple[str, ...]:
    """The groups that may see what lies in two places at once."""
    return tuple(sorted({*narrowed(one, two), *narrowed(two, one)}))
