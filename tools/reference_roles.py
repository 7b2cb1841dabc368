"""docs/reference/roles.md: which role has which right, from `firmground.rights`."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from firmground.app.access.keys import NAMED
from firmground.rights import GRANTS, RIGHTS, ROLES, Right, Role

_ROLES: Mapping[Role, str] = {
    "owner": "Runs the workspace and answers for it. There is always one.",
    "admin": "Runs it day by day: everything but what concerns owners.",
    "reviewer": "Asks like everybody, and says of answers that they may see whether they are right.",
    "auditor": "Asks like everybody, and reads what was measured and decided. Changes nothing.",
    "user": "Asks, and sees what their groups may see.",
}
_RIGHTS: Mapping[Right, str] = {
    "ask": "Ask and search what one's groups may see, and say what one thinks of an answer.",
    "self": "One's own password, sessions, keys, questions and data.",
    "review": "See what others said of answers that one may see, and say whether these are right.",
    "audit": "Read audits, policy, brief, evaluations, golden cases, releases, calibration, standards, the diagnosis, and the ledger.",
    "insight": "How reviews go, in figures: a reviewer those of what they may review, whoever audits those of everything.",
    "see_all": "Every document, everybody's answers, exact scores, and what a model said unchecked, whatever one's groups are.",
    "documents": "Sources, syncs, uploads, quarantine, jobs.",
    "cases": "Add, change, retire, confirm and import golden cases.",
    "releases": "Evaluate, audit, approve, make live and roll back; change the brief; let the policy ask less.",
    "people": "People, groups, keys and budgets of others.",
    "workspace": "Backups, restores, drills, anchors, retention.",
    "own": "Make and remove owners, erase people's data, hold it: what no administrator can do alone.",
}


def roles_page(note: str, table: Callable[[Sequence[str], Iterable[Sequence[str]]], list[str]]) -> str:
    """Every role with every right."""
    named = ", ".join(f"`{right}`" for right in RIGHTS if right in NAMED)
    lines = [
        "# Roles and rights",
        "",
        note,
        "",
        "A person has one role in a workspace. What is named in no row nobody may do.",
        "",
        *table(("role", "for whom"), [(f"`{role}`", _ROLES[role]) for role in ROLES]),
        *table(
            ("right", *ROLES, "what it lets one do"),
            [(f"`{right}`", *("yes" if role in GRANTS[right] else "" for role in ROLES), _RIGHTS[right]) for right in RIGHTS],
        ),
        "Every page, address, command and tool names the right it needs; one that names none is shut. Who has not got it meets a page or a",
        "problem document with status 403 that says whom to ask, and finds no way there on the pages that they may open.",
        "",
        "## Programs with a key",
        "A key does what it is for and its person may do, whichever is less. What it is for is said when it is made",
        f"(`key add --scope`); if nothing is said, everything but {named}. A key of an administrator that is not for `see_all` sees",
        "the documents that their groups may see, and no others: nothing else that it is for shows it more.",
        "",
        "What an auditor reads of all this, and what is kept back: [the auditor's view](../explanation/auditors-view.md).",
        "",
    ]
    return "\n".join(lines)
