"""How fast a web site is crawled, first in full, then when nothing changed; beside fetching the same pages one after the other.

    python -m benchmarks.crawling [--pages 2000] [--rounds 3] [--out FILE]

The site runs in a process of its own on the loopback interface, each page some kilobytes of HTML with links, an ETag, and no delay. Without
`delay_seconds` between requests, which no real site should be asked like that.
"""

import argparse
import http.client
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.library import record
from firmground.sources.web.source import Manners, WebSource
from firmground.types import SourceFile

WORDS = "Every employee may carry over five vacation days into the next year, unless the manager and the works council agree otherwise. "


def body(number: int, pages: int) -> bytes:
    links = "".join(f'<li><a href="/{each}">Page {each}</a></li>' for each in range(8 * number + 1, min(8 * number + 9, pages)))
    text = "".join(f"<h2>Part {part}</h2><p>{WORDS * 6}</p>" for part in range(6))
    menu = "".join(f'<a href="/{each}">Section {each}</a>' for each in range(1, 20))
    page = f"<title>Page {number}</title></head><body><nav>{menu}</nav><main><h1>Page {number}</h1>{text}<ul>{links}</ul></main></body>"
    return f"<!doctype html><html><head>{page}</html>".encode()


def serve(pages: int, told: Connection) -> None:
    bodies = {f"/{number}" if number else "/": body(number, pages) for number in range(pages)}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            found = bodies.get(self.path)
            tag = f'"{self.path}"'
            same = found is not None and self.headers.get("If-None-Match") == tag
            self.send_response(404 if found is None else 304 if same else 200)
            if found is not None:
                self.send_header("ETag", tag)
                self.send_header("Content-Type", "text/html; charset=utf-8")
            sent = b"" if found is None or same else found
            if not same:
                self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has there
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.send(server.server_port)
    server.serve_forever()


def one_by_one(port: int, pages: int) -> int:
    """The same requests by the standard library, on one connection, and nothing done with the answers."""
    connection, came = http.client.HTTPConnection("127.0.0.1", port), 0
    for number in range(pages):
        connection.request("GET", f"/{number}" if number else "/")
        came += len(connection.getresponse().read())
    connection.close()
    return came


def timed(what: Callable[[], object]) -> float:
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def crawled(port: int, pages: int, connections: int) -> dict[str, float]:
    """One crawl of everything, reading what it listed, and another crawl."""
    with tempfile.TemporaryDirectory() as folder:
        manners = Manners(delay_seconds=0, max_pages=pages, connections=connections)
        source = WebSource("site", [f"http://127.0.0.1:{port}/"], Path(folder), allow_private=["127.0.0.0/8"], manners=manners)
        files: list[SourceFile] = []
        took = {
            "first": timed(lambda: files.extend(source.files())),
            "read": timed(lambda: [source.read(file) for file in files]),
            "unchanged": timed(lambda: files.extend(source.files())),
        }
        if len(files) != 2 * pages or source.problems():
            raise SystemExit(f"{len(files)} pages instead of {2 * pages}: {source.problems()[:3]}")
        return took


def measured(pages: int, rounds: int, connections: int) -> dict[str, object]:
    ours, theirs = multiprocessing.Pipe()
    site = multiprocessing.Process(target=serve, args=(pages, theirs), daemon=True)
    site.start()
    port = ours.recv()
    seconds: dict[str, list[float]] = {"one by one": [], "first": [], "unchanged": [], "read": []}
    try:
        for _ in range(rounds):
            seconds["one by one"].append(timed(lambda: one_by_one(port, pages)))
            for name, each in crawled(port, pages, connections).items():
                seconds[name].append(each)
    finally:
        site.terminate()
        site.join()
    return {
        "pages": pages,
        "bytes": sum(len(body(number, pages)) for number in range(pages)),
        "connections": connections,
        "rounds": rounds,
        "pages_per_second": {name: round(pages / statistics.median(each)) for name, each in seconds.items()},
        "seconds": {name: round(statistics.median(each), 2) for name, each in seconds.items()},
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pages", type=int, default=2000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--connections", type=int, default=4)
    options.add_argument("--out", type=Path)
    given = options.parse_args()
    record({"benchmark": "crawling", **measured(given.pages, given.rounds, given.connections)}, given.out)


if __name__ == "__main__":
    main()
