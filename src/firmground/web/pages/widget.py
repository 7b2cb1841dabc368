"""The script that asks from a page of another site, with its texts in every language."""

import gzip
import hashlib
import json
import re
from contextvars import copy_context
from functools import cache
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from firmground.settings_guard import KINDS
from firmground.web.language import LANGUAGES, _, speak
from firmground.web.rendering import STATIC, hidden_words

_FOR_SECONDS = 3600
"""How long pages elsewhere may go on with what they have of it."""

router = APIRouter()


@router.get("/widget.js")
async def widget(request: Request) -> Response:
    """For everybody, since browsers load it without asking: there is no secret in it."""
    script, packed, tag = _script()
    headers = {
        "ETag": tag,
        "Cache-Control": f"public, max-age={_FOR_SECONDS}",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Vary": "Accept-Encoding",
    }
    known = request.headers.get("if-none-match", "")
    if tag.removeprefix("W/") in {each.strip().removeprefix("W/") for each in known.split(",")}:
        return Response(status_code=304, headers=headers)
    if re.search(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))", request.headers.get("accept-encoding", "")):
        return Response(packed, headers={**headers, "Content-Encoding": "gzip"}, media_type="text/javascript")
    return Response(script, headers=headers, media_type="text/javascript")


@cache
def _script() -> tuple[bytes, bytes, str]:
    """As it is, packed, and its tag."""
    source = (STATIC / "widget.js").read_text(encoding="utf-8")
    texts = json.dumps({code: copy_context().run(_texts, code) for code in LANGUAGES}, ensure_ascii=False, separators=(",", ":"))
    lines = (line.strip() for line in source.splitlines())
    slim = "\n".join(line for line in lines if line and not line.startswith("//"))
    script = slim.replace("const TEXTS = {};", f"const TEXTS = {texts};", 1).encode()
    return script, gzip.compress(script, mtime=0), f'W/"{hashlib.sha256(script).hexdigest()[:32]}"'


def _texts(code: str) -> dict[str, Any]:
    speak(code)
    return {
        "title": _("Ask our documents"),
        "welcome": _(
            "Every sentence of an answer shows where it stands in the documents. Where they say nothing, the answer says so."
        ),
        "limits": _("Known limitations"),
        "question": _("Your question"),
        "ask": _("Ask"),
        "stop": _("Stop"),
        "close": _("Close"),
        "afresh": _("New conversation"),
        "log": _("Questions and answers"),
        "waiting": _("Waiting for its turn …"),
        "understanding": _("Reading the question …"),
        "searching": _("Searching the documents …"),
        "answering": _("Writing and checking the answer …"),
        "withdrawn": _("What was shown here did not hold when it was checked, and was taken back."),
        "lost": _("The connection broke. Trying again …"),
        "unreachable": _("The server cannot be reached."),
        "busy": _("Many people are asking at this moment. Try again soon."),
        "stopped": _("Stopped. Nothing was answered."),
        "failed": _("No answer could be made."),
        "again": _("Try again"),
        "sources": _("Sources"),
        "source": _("Source {n}"),
        "hidden": {kind: hidden_words(kind) for kind in KINDS},
        "closest": _("What came closest; it is not an answer:"),
        "page": _("page {n}"),
        "open": _("Open the document"),
        "tab": _("in a new tab"),
        "good": _("This helped"),
        "bad": _("This did not help"),
        "why": _("What was wrong?"),
        "thanks": _("Thank you."),
        "unsaved": _("That was not saved: try again."),
        "reasons": {
            "wrong": _("It is wrong"),
            "incomplete": _("It is incomplete"),
            "not_what_i_asked": _("It is not what I asked"),
            "wrong_source": _("The source is wrong"),
            "outdated": _("It is out of date"),
        },
        "people": {
            "looking": _("A person is checking this, until {n}."),
            "approved": _("A person looked at this and found it right."),
            "edited": _("A person looked at this and corrected it."),
            "rejected": _("A person looked at this and rejected it."),
        },
        "states": {
            "answered": _state(_("Answered"), _("The documents say this.")),
            "weak": _state(
                _("Weakly supported"),
                _("Something in the documents points this way. Read the sources before you rely on it."),
            ),
            "draft": _state(_("Draft"), _("A person looks at it before you read it.")),
            "clarify": _state(_("Which one?"), _("The question can mean several things. Choose one.")),
            "unclear": _state(
                _("One word more"), _("The question leaves open what it is about. Go on below with what is missing.")
            ),
            "abstained": _state(_("No answer"), _("The documents do not seem to answer this.")),
            "out_of_scope": _state(_("Out of scope"), _("This is not what these documents are for.")),
            "blocked": _state(_("Refused"), _("A rule forbids this.")),
        },
    }


def _state(words: str, meaning: str) -> dict[str, str]:
    return {"words": words, "meaning": meaning}
