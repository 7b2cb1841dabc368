"""The page about the record of decisions: who did what, when and why, and whether it is as it was written."""

import json
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from firmground.app.access.rights import need
from firmground.app.corpus import documents, uploads
from firmground.app.recording import ledger
from firmground.errors import Damaged, NotFound
from firmground.gate.ledger import What
from firmground.ledger import LedgerEntry
from firmground.types import Json
from firmground.web.language import _, marked
from firmground.web.rendering import page
from firmground.web.visit import TheVisit, Visit

WORDS = {
    "account.added": marked("Account made"),
    "account.linked": marked("Account connected with the sign-in provider"),
    "account.password_set": marked("Password set"),
    "account.unlinked": marked("Account disconnected from the sign-in provider"),
    "answers.deleted": marked("Questions deleted"),
    "audit.made": marked("Audit made"),
    "backup.made": marked("Backup made"),
    "backup.restored": marked("Backup restored"),
    "brief.changed": marked("Launch brief changed"),
    "budget.changed": marked("Limits changed"),
    "calibration.made": marked("Confidence calibrated"),
    "case.changed": marked("Golden case changed"),
    "case.confirmed": marked("Golden case confirmed"),
    "notifications.dropped": marked("Messages that were held after a restore were dropped"),
    "contact.changed": marked("Where somebody has mail was changed"),
    "configuration.loaded": marked("Settings changed"),
    "dataset.exported": marked("Dataset exported"),
    "document.purged": marked("Document erased"),
    "document.released": marked("Document let in"),
    "drill.done": marked("Restore tried out"),
    "group.added": marked("Group added"),
    "group.joined": marked("Member joined the group"),
    "group.left": marked("Member left the group"),
    "group.renamed": marked("Group renamed"),
    "group.removed": marked("Group removed"),
    "key.added": marked("Key made"),
    "key.removed": marked("Key removed"),
    "ledger.anchored": marked("Ledger anchored"),
    "ledger.head_renewed": marked("Head file begun anew"),
    "link.made": marked("Link to choose a password made"),
    "person.added": marked("Person added"),
    "person.changed": marked("Role changed"),
    "person.erased": marked("What was kept of a person erased"),
    "person.held": marked("Legal hold placed"),
    "person.unheld": marked("Legal hold lifted"),
    "review.decided": marked("Answer reviewed"),
    "review.escalated": marked("Review passed on"),
    "retention.swept": marked("Erased for its age"),
    "person.removed": marked("Person removed"),
    "pin.retired": marked("Pinned answer retired"),
    "pin.set": marked("Answer pinned to its question"),
    "policy.adopted": marked("Policy adopted"),
    "release.approval_withdrawn": marked("Approval withdrawn"),
    "release.approved": marked("Release approved"),
    "release.created": marked("Release created"),
    "release.override_lapsed": marked("Override ended"),
    "release.promoted": marked("Release went live"),
    "release.taken_down": marked("Release taken down"),
    "release.rolled_back": marked("Rolled back to release"),
    "session.ended": marked("Signed out by an administrator"),
    "session.replayed": marked("Secret of a session used by somebody else; session ended"),
    "source.uploaded": marked("Document uploaded"),
}
"""What happened, by kind; the subject follows."""
FAULTS: dict[What, str] = {
    "changed": marked("changed"),
    "missing": marked("missing"),
    "reordered": marked("in the wrong place"),
    "truncated": marked("cut off"),
    "duplicated": marked("there twice"),
    "unreadable": marked("not readable"),
    "contradicted": marked("not what was decided"),
    "unguarded": marked("not guarded"),
}
_REASONS = ("reason", "note")
"""Parts of the detail that say why."""
_ELSEWHERE = {*_REASONS, "person"}
_SHOWN = 50

router = APIRouter()


class Told(NamedTuple):
    """An entry as the page tells of it. `href`: of the document it is about, where that is still there; `person`: whom it concerns."""

    entry: LedgerEntry
    name: str
    href: str
    person: str
    why: str
    detail: list[tuple[str, str]]


@router.get("/ledger")
async def ledger_page(
    request: Request,
    visit: TheVisit,
    kind: Annotated[str, Query(max_length=100)] = "",
    before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    verify: bool = False,
) -> Response:
    """Newest first; with `verify` the whole record is read and checked."""
    return await visit.run(_ledger, request, visit, kind, before, verify)


def _ledger(request: Request, visit: Visit, kind: str, before: int | None, verify: bool) -> Response:
    need(visit.actor, "audit", "read the ledger")
    app, actor = visit.app, visit.actor
    kinds = [kind] if kind else None
    try:
        found = ledger.entries(app, actor, kinds=kinds, before=before, limit=_SHOWN + 1, newest_first=True)
    except Damaged:
        found, verify = [], True  # what is wrong is told by its number
    end = ledger.end(app, actor)
    uploaded = actor.may("documents") and actor.may("see_all") and any(each.kind == "source.uploaded" for each in found)
    files = uploads.names(app, actor) if uploaded else {}
    chosen = f"&kind={kind}" if kind else ""
    values: dict[str, Any] = {
        "entries": [_told(visit, each, files) for each in found[:_SHOWN]],
        "kind": kind,
        "kinds": WORDS,
        "end": end,
        "found": ledger.verify(app, actor) if verify else None,
        "faults": FAULTS,
        "first": f"/ledger?{chosen[1:]}" if before else "",
        "older": f"/ledger?before={found[_SHOWN - 1].number}{chosen}" if len(found) > _SHOWN else "",
    }
    return page(request, "ledger.html", values)


def _told(visit: Visit, entry: LedgerEntry, files: dict[str, str]) -> Told:
    name, href = entry.subject, ""
    if entry.kind.startswith("document."):
        try:
            document = documents.find(visit.app, visit.actor, entry.subject)
            name, href = f"{document.source}/{document.uri}", f"/documents/{document.id}"
        except NotFound:
            name = _("document %(id)s", id=entry.subject)
    elif entry.kind == "source.uploaded":
        name = files.get(entry.subject) or _("file %(id)s", id=entry.subject)
    why = next((str(entry.detail[each]) for each in _REASONS if entry.detail.get(each)), "")
    detail = [
        (key, _written(value)) for key, value in entry.detail.items() if key not in _ELSEWHERE and value not in ("", None, [])
    ]
    return Told(entry, name, href, str(entry.detail.get("person") or ""), why, detail)


def _written(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
