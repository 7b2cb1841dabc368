"""Runs programs on a machine that has no network but its own loopback, and tells what they tried to reach.

    python offline.py PLAN ATTEMPTS

PLAN is JSON: {"commands": [[word…]…], "serve": [word…] or null, "paths": [path…]}; commands run one after another, then the server, which
is asked for each path. What was said and seen comes as JSON on stdout.

Started in a network of its own (`unshare -rn`), every address there is leads back to this machine, where nobody listens: whatever is
tried is refused at once, by the kernel, and seen as a packet, also where it is native code that tries. Where the kernel does not allow
that, `sitecustomize` alone watches (see `WATCH`).
"""

import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from ipaddress import ip_address
from pathlib import Path
from typing import Any

WATCH = """
import os, sys, traceback

_ASKS = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}

def _host(event, given):
    if event in {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}:
        return given[0]
    address = given[1]
    return address[0] if isinstance(address, tuple) else None  # a path is a Unix socket

def _watch(event, given):
    if event not in _ASKS:
        return
    host = _host(event, given)
    host = host.decode() if isinstance(host, bytes) else host
    if host in {None, "", "localhost", "::1", "::"} or host.startswith("127."):
        return
    with open(os.environ["ATTEMPTS"], "a") as seen:
        seen.write(event + " " + repr(host) + "\\n" + "".join(traceback.format_stack()) + "\\n")
    raise PermissionError("the network is off: " + repr(host))

sys.addaudithook(_watch)
"""
"""A `sitecustomize` that refuses every look-up and connection but to this machine, and writes down the stack of who tried."""

TCP, UDP = 6, 17
SECONDS = 800


class Packets:
    """What went anywhere but to loopback, seen on the only device that there is."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
        self._socket.settimeout(0.2)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._over.is_set():
            try:
                packet = self._socket.recv(65_535)
            except TimeoutError:
                continue
            self._look(packet)

    def _look(self, packet: bytes) -> None:
        old = packet[0] >> 4 == 4
        kind, to = (packet[9], packet[16:20]) if old else (packet[6], packet[24:40])
        if kind in {TCP, UDP} and not ip_address(to).is_loopback:
            head = (packet[0] & 15) * 4 if old else 40
            came_from, port = struct.unpack(">HH", packet[head : head + 4])
            if port < came_from or port in {53, 80, 443}:  # not the refusal that comes back
                self.seen.add(f"{'tcp' if kind == TCP else 'udp'} {ip_address(to)}:{port}")

    def end(self) -> list[str]:
        self._over.set()
        self._thread.join()
        self._socket.close()
        return sorted(self.seen)


def closed_in() -> bool:
    """Whether this is a network of our own; then everything leads back to it."""
    if [name for _, name in socket.if_nameindex()] != ["lo"] or os.environ.get("CLOSED") != "yes":
        return False
    for words in ("link set lo up", "route add local default dev lo", "-6 route add local default dev lo"):
        subprocess.run(["ip", *words.split()], check=not words.startswith("-6"))
    return True


def run(words: list[str]) -> dict[str, Any]:
    ended = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS, check=False)
    return {"words": words, "code": ended.returncode, "out": ended.stdout[-40_000:], "err": ended.stderr[-40_000:]}


def serve(words: list[str], paths: list[str]) -> dict[str, Any]:
    process = subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert process.stderr
    try:
        said = process.stderr.readline()
        found = re.search(r"at (http://127\.0\.0\.1:\d+)/", said)
        if not found:
            return {"code": -1, "err": said + process.stderr.read()}
        return {"pages": {path: page(found[1] + path) for path in paths}}
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def page(address: str) -> str:
    """A server that has just begun is not ready at once."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(300):
        try:
            return opener.open(address, timeout=60).read().decode()
        except urllib.error.HTTPError as wrong:
            if wrong.code != 503:
                raise
            time.sleep(0.2)
    return ""


def main() -> None:
    wanted = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    packets = Packets() if (alone := closed_in()) else None
    told: dict[str, Any] = {"alone": alone, "ran": [run(words) for words in wanted["commands"]]}
    if wanted["serve"]:
        told["served"] = serve(wanted["serve"], wanted["paths"])
    told["packets"] = packets.end() if packets else []
    print(json.dumps(told))


if __name__ == "__main__":
    main()
