"""Who may see a document, from what its source, its rules and the document itself say."""

from collections.abc import Sequence

PUBLIC = "public"
EVERYONE = "everyone"


def narrowed(allowed: Sequence[str], wanted: Sequence[str] | None) -> tuple[str, ...]:
    """The groups that may see a document whose place allows `allowed` and whose front matter asks for `wanted` (None: asks nothing).

    A document may narrow its audience, never widen it: whoever writes a file must not decide that more people see the folder.
    An empty result means that only administrators see it.
    """
    if wanted is None:
        return tuple(sorted(set(allowed)))
    if PUBLIC in allowed:
        return tuple(sorted(set(wanted)))
    if EVERYONE in allowed:
        return tuple(sorted({EVERYONE if group == PUBLIC else group for group in wanted}))
    return tuple(sorted(set(wanted) & set(allowed)))
