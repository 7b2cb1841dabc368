"""Webhooks: a signed POST to somebody's web server.

A receiver checks the signature over the moment and the body, refuses what is older than some minutes, and takes each id once.
"""

import hmac
import re
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from firmground.errors import InvalidInput, NotTaken

SIGNATURE, TIMESTAMP, ID = "X-Firmground-Signature", "X-Firmground-Timestamp", "X-Firmground-Id"
_SECONDS = 10.0
_MOST = 64 * 1024
_QUOTED = 100
_LONGEST_WAIT = 6 * 3600.0
_ALONE = frozenset({400, 409, 413, 422})
"""Answers that are about one message and not about all."""
_METADATA = frozenset(map(ip_address, ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")))
"""Where clouds tell their machines secrets."""
_SECRET = 8
"""Characters of a part of an address below which it keeps no secret."""
_PARTS = re.compile(r"[/?&=]")
Resolve = Callable[[str, int], list[str]]


class _Place(NamedTuple):
    scheme: str
    host: str
    port: int
    target: str


def signature(key: str, body: bytes, timestamp: str) -> str:
    """HMAC-SHA-256 over `timestamp.body`, in hexadecimal."""
    return "sha256=" + hmac.new(key.encode(), timestamp.encode() + b"." + body, "sha256").hexdigest()


def host_of(url: str) -> str:
    """What may be said of a webhook, whose whole address may be a secret. InvalidInput where it is none."""
    try:
        parts = urlsplit(url)
        host, scheme, name, _ = parts.netloc.rpartition("@")[2], parts.scheme, parts.hostname, parts.port
    except ValueError:
        host, scheme, name = "", "", None
    if scheme not in {"http", "https"} or not name or not url.isascii() or not url.isprintable() or " " in url:
        raise InvalidInput("this is no address of a web server", "write one, e.g. https://records.example.org/anchors")
    return host


def resolved(host: str, port: int) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class Webhooks:
    """The `WebhookSender` port. It goes where the name points when it sends, after a look at that address, and nowhere else; by a proxy
    where the environment names one."""

    def __init__(self, *, resolve: Resolve = resolved, trust: ssl.SSLContext | None = None, seconds: float = _SECONDS) -> None:
        self._resolve = resolve
        self._trust = trust
        self._seconds = seconds

    def send(self, url: str, body: bytes, *, id: str, at: datetime, key: str = "") -> None:
        said = host_of(url)
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        place = _Place(parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80), target)
        timestamp = str(int(at.timestamp()))
        headers = {"Content-Type": "application/json", "User-Agent": "firmground", TIMESTAMP: timestamp, ID: id}
        if key:
            headers[SIGNATURE] = signature(key, body, timestamp)
        try:
            status, wait, words = self._post(place, said, body, headers)
        except (OSError, HTTPException, ValueError) as error:
            raise NotTaken(f"{said} cannot be reached ({_cleaned(str(error)) or type(error).__name__})", "check it") from None
        if not 200 <= status < 300:
            told = f"{said} answered {status}" + (f" ({words})" if words and not _repeats(words, target) else "")
            raise NotTaken(told, "check it, and that the address is right", whole=status not in _ALONE, after=wait)

    def _post(self, place: _Place, said: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, float, str]:
        connection = HTTPConnection(place.host, place.port, timeout=self._seconds)
        connection.sock = plain = self._reached(place, said)
        if place.scheme == "https":
            trust = self._trust or ssl.create_default_context()
            connection.sock = plain = trust.wrap_socket(plain, server_hostname=place.host, do_handshake_on_connect=False)
        # Each of many small pieces may come in time, so somebody looks at all of it.
        late = threading.Event()
        watch = threading.Timer(self._seconds, lambda: (late.set(), _shut(plain)))
        watch.daemon = True
        watch.start()
        try:
            if isinstance(plain, ssl.SSLSocket):
                plain.do_handshake()
            connection.request("POST", place.target, body, {**headers, "Host": said, "Connection": "close"})
            with connection.getresponse() as answer:
                return answer.status, _wait(answer), _words(answer)
        except (OSError, HTTPException, ValueError):
            if late.is_set():
                raise TimeoutError(f"it took longer than {self._seconds:g} seconds") from None
            raise
        finally:
            watch.cancel()
            connection.close()

    def _reached(self, place: _Place, said: str) -> socket.socket:
        """A connection to an address that was looked at."""
        proxy = "" if _loopback(place.host) or proxy_bypass(place.host) else getproxies().get(place.scheme, "")
        if proxy:
            return _by_proxy(proxy, place, said, self._seconds)
        problem: OSError | None = None
        for address in self._resolve(place.host, place.port):
            _check(ip_address(address.partition("%")[0]), place.scheme, said)
            try:
                return socket.create_connection((address, place.port), self._seconds)
            except OSError as error:
                problem = error
        raise problem or OSError("its name has no address")


def _by_proxy(proxy: str, place: _Place, said: str, seconds: float) -> socket.socket:
    if place.scheme != "https":
        raise InvalidInput(f"{said} is sent to without encryption", "write https://")
    at = urlsplit(proxy if "//" in proxy else f"//{proxy}")
    tunnel = HTTPConnection(at.hostname or "", at.port or 80, timeout=seconds)
    tunnel.set_tunnel(place.host, place.port)
    tunnel.connect()
    return tunnel.sock


def _check(address: IPv4Address | IPv6Address, scheme: str, said: str) -> None:
    address = getattr(address, "ipv4_mapped", None) or address
    if address in _METADATA or address.is_link_local or address.is_multicast or address.is_unspecified:
        raise InvalidInput(f"{said} is at {address}, where no message may be sent", "name the server of whoever wants them")
    if scheme != "https" and not address.is_loopback:
        raise InvalidInput(f"{said} is sent to without encryption", "write https://")


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _wait(answer: HTTPResponse) -> float:
    """Seconds that it asks for; a date counts for nothing."""
    said = answer.getheader("Retry-After", "")
    return min(float(said), _LONGEST_WAIT) if said.isascii() and said.isdigit() and len(said) < 10 else 0.0


def _words(answer: HTTPResponse) -> str:
    """What it said of why, where that is text."""
    text = answer.read(_MOST).decode("utf-8", "replace")
    return _cleaned(text)[:_QUOTED] if answer.status >= 300 else ""


def _repeats(words: str, target: str) -> bool:
    """Whether they say again a part of the address that may be a secret."""
    return any(len(part) >= _SECRET and part in words for part in _PARTS.split(target))


def _cleaned(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:200]


def _shut(sock: socket.socket) -> None:
    try:
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        return
