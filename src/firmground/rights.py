"""Roles and rights: who may do what, in one place. What is not named here nobody may do.

A role is what a person is in a workspace; a right is what a use case asks for. Doors (routes, pages, commands, MCP tools) name the right
they need in `firmground.doors`; use cases ask for it once more, since other code may call them.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

Role: TypeAlias = Literal["owner", "admin", "reviewer", "auditor", "user"]
ROLES: tuple[Role, ...] = get_args(Role)

Right: TypeAlias = Literal[
    "ask",  # ask and search what one's groups may see, and say what one thinks of answers
    "self",  # one's own password, sessions, keys, questions and data
    "review",  # say of an answer whether it is right
    "audit",  # read what the gate, the ledger, evaluations and releases say, and who has which role
    "insight",  # how reviews go, in figures
    "see_all",  # every document and everybody's answers, whoever may see them
    "documents",  # sources, syncs, uploads, quarantine, jobs
    "cases",  # golden cases
    "releases",  # evaluate, audit, approve, promote and roll back; policy and brief
    "people",  # people, groups, keys, sessions, budgets and data of others
    "workspace",  # backups, restores, drills, anchors, retention
    "own",  # make and remove owners, hold and erase: what no administrator may take into their hands
]
RIGHTS: tuple[Right, ...] = get_args(Right)

_ALL: frozenset[Role] = frozenset(ROLES)
_RUN: frozenset[Role] = frozenset({"owner", "admin"})
_REVIEW: frozenset[Role] = frozenset({"owner", "admin", "reviewer"})
_AUDIT: frozenset[Role] = frozenset({"owner", "admin", "auditor"})
GRANTS: Mapping[Right, frozenset[Role]] = {
    "ask": _ALL,
    "self": _ALL,
    "review": _REVIEW,
    "audit": _AUDIT,
    "insight": _REVIEW | _AUDIT,
    "see_all": _RUN,
    "documents": _RUN,
    "cases": _RUN,
    "releases": _RUN,
    "people": _RUN,
    "workspace": _RUN,
    "own": frozenset[Role]({"owner"}),
}
"""The roles that have each right."""

ADDRESSEE: Mapping[Right, str] = {right: "ask an owner" if right == "own" else "ask an administrator" for right in RIGHTS}
"""What to do for who lacks the right."""


def rights_of(role: Role) -> frozenset[Right]:
    """All that a role may do."""
    return frozenset(right for right, roles in GRANTS.items() if role in roles)
