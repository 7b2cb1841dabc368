"""By which names the server is addressed, and from which sites."""

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from firmground.errors import Refused
from firmground.settings import ServeSection
from firmground.web.problems import Forbidden
from firmground.web.visit import Visit

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def loopback(host: str) -> str:
    """The address to listen on for `host` before there is an owner. Refused where other machines could reach it."""
    host = address(host)
    if is_loopback(host):
        return host
    raise Refused(
        f"{host or 'every address'} can be reached by others, and there is no owner yet",
        "make one with `firmground person add NAME --owner`, or listen on 127.0.0.1",
    )


def address(host: str) -> str:
    """What a socket binds to."""
    return "127.0.0.1" if host.lower() == "localhost" else host


def check_host(headers: Headers, settings: ServeSection, *, owned: bool) -> None:
    """Before there is an owner only this machine is served, so only names of it are good: another one was made to point here. Afterwards
    the names that the settings allow."""
    host = headers.get("host", "")
    name = _name(f"//{host}")
    if is_loopback(name):
        return
    if not owned:
        raise Forbidden(f"{host or 'a request without Host'} is not this machine", "open the address that the server printed")
    allowed = {each.lower() for each in settings.hosts} | ({_name(settings.url)} if settings.url else set[str]())
    if not name or (allowed and name not in allowed):
        raise Forbidden(f"{host or 'a request without Host'} is not served here", "add it to [serve] hosts")


def check_origin(scope: Scope, headers: Headers, visit: Visit, settings: ServeSection) -> None:
    """No page of another site speaks through the browser of somebody who is let in; those that a key names speak for themselves."""
    origin = headers.get("origin")
    if origin is not None and origin in visit.origins:
        return
    if origin is not None and origin not in _own(headers.get("host", ""), settings):
        raise Forbidden("the request comes from another site", "use the page of this server, or send no Origin")
    if scope["method"] not in _SAFE and headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        raise Forbidden("the request comes from another site", "use the page of this server")


def sender(scope: Scope, headers: Headers, settings: ServeSection) -> str:
    """The address a request comes from, as far as proxies in front of us are believed."""
    client = scope.get("client")
    known = str(client[0]) if client else ""
    for hop in reversed([hop.strip() for hop in headers.get("x-forwarded-for", "").split(",") if hop.strip()]):
        if known not in settings.proxies:
            break
        known = hop[:100]
    return known


def is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _own(host: str, settings: ServeSection) -> set[str]:
    here = {f"http://{host}", f"https://{host}"}
    if not settings.url:
        return here
    return {settings.url} | (here if is_loopback(_name(f"//{host}")) else set())


def _name(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
