"""What pages of other sites may do here: ask, through the widget, from the sites that its key names. Nothing else.

Browsers ask first (preflight), and let a page read only what is marked for its site. We consent to sites of keys that are good at that
moment and to what a widget needs, and never to credentials that a browser adds by itself. The consent is no right: that the key is for
this site is looked at again with every request.
"""

import hashlib
import re
from collections.abc import Mapping
from functools import partial

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from firmground.app.access import keys
from firmground.web.problems import Forbidden, Malformed
from firmground.web.served import Served
from firmground.web.visit import Visit

VISITOR = "X-Firmground-Visitor"
_ROUTES = {
    "POST": re.compile(r"/api/v1/answers|/api/v1/answers/[^/]+/feedback"),
    "GET": re.compile(r"/api/v1/answers/[^/]+/events|/api/v1/brief"),
}
"""All that a widget needs."""
_HEADERS = ("Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID", VISITOR)
_RANDOM = re.compile(r"[0-9a-f]{32,64}")
_CONSENT_SECONDS = 600


def is_preflight(scope: Scope, headers: Headers) -> bool:
    """Whether a browser asks what a page of another site may do."""
    return scope["method"] == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers


async def consent(served: Served, scope: Scope, headers: Headers) -> Mapping[str, str]:
    """The headers by which the page that this request comes from may read the answer. None where no good key names its site, nor for
    anything that a widget does not need."""
    origin = headers.get("origin")
    method = headers.get("access-control-request-method", "") if is_preflight(scope, headers) else scope["method"]
    if origin is None or origin.partition("://")[2] == headers.get("host") or not for_widgets(method, scope["path"]):
        return {}
    if origin not in await served.look(partial(keys.sites, served.app)):
        return {}
    return {"Access-Control-Allow-Origin": origin}


def preflight(scope: Scope, headers: Headers, consented: Mapping[str, str]) -> Response:
    """The answer to a browser that asks. Forbidden where there is no consent, or for a header that no widget sends."""
    asked = {name.strip().lower() for name in headers.get("access-control-request-headers", "").split(",")} - {""}
    if not consented or asked - {name.lower() for name in _HEADERS}:
        raise Forbidden("the request comes from another site", "name that site in a key, with `firmground key add --widget`")
    allowed = {
        "Access-Control-Allow-Methods": ", ".join(method for method in _ROUTES if for_widgets(method, scope["path"])),
        "Access-Control-Allow-Headers": ", ".join(_HEADERS),
        "Access-Control-Max-Age": str(_CONSENT_SECONDS),
    }
    return Response(status_code=204, headers=allowed)


def visitor(visit: Visit, scope: Scope, headers: Headers) -> Visit:
    """Whoever looks at a page with a widget: told apart from others who do by a random id, so that nobody gets to see what another asked.

    Forbidden from a site that the key does not name, and for anything else than asking; Malformed where the id is none.
    """
    if headers.get("origin") not in visit.origins:
        raise Forbidden(
            "this key is for pages of other sites", "use it there, or add the site with `firmground key add --widget`"
        )
    if not for_widgets(scope["method"], scope["path"]):
        raise Forbidden("this key is for asking only", "use a key that acts for a person")
    known = headers.getlist(VISITOR)
    if len(known) != 1 or not _RANDOM.fullmatch(known[0]):
        raise Malformed(
            f"{VISITOR} does not tell visitors apart",
            "send 128 random bits or more, as 32 to 64 hexadecimal digits in lower case",
        )
    name = hashlib.sha256(f"{visit.credential} {known[0]}".encode()).hexdigest()[:32]
    actor = visit.actor.model_copy(update={"person": f"{visit.actor.person}/{name}"})
    return Visit(visit.served, actor, by="widget", credential=visit.credential, origins=visit.origins)


def for_widgets(method: str, path: str) -> bool:
    """Whether a widget needs it."""
    return method in _ROUTES and _ROUTES[method].fullmatch(path) is not None
