"""A web site as a source, by the command line of a real workspace."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from firmground import wire
from firmground.cli import main
from firmground.models.onnx_embedder import OnnxEmbedder
from firmground.testing.web_site import Reply, WebSite, html, links

LEAVE = """<nav>Home · Products · Careers</nav><main><h1>Annual leave</h1><p>You may carry over up to 5 days into the next year.
They lapse on 31 March.</p></main><footer>Imprint · Privacy</footer>"""


class Ended(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def site() -> Iterator[WebSite]:
    with WebSite(
        {"/": html(links("/leave") + "Welcome to the handbook."), "/leave": html(LEAVE, head="<title>Leave</title>")}
    ) as site:
        yield site


@pytest.fixture
def root(site: WebSite, tmp_path: Path) -> Path:
    settings = f"""
[[sources]]
name = "site"
kind = "web"
urls = ["{site.url}/"]
allow_private = ["127.0.0.0/8"]
delay_seconds = 0
[parsing]
ocr = false
workers = 1
"""
    (tmp_path / "firmground.toml").write_text(settings)
    return tmp_path


@pytest.fixture
def firmground(root: Path, default_model: Path, monkeypatch: pytest.MonkeyPatch):
    embedder = OnnxEmbedder(default_model)
    monkeypatch.setattr(wire, "open_embedder", lambda root, settings: embedder)

    def run(*words: str) -> Ended:
        out, err = io.StringIO(), io.StringIO()
        monkeypatch.setattr(sys, "argv", ["firmground", *words])
        with contextlib.chdir(root), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main()
                code = 0
            except SystemExit as ended:
                code = int(ended.code or 0)
        return Ended(code, out.getvalue(), err.getvalue())

    return run


def test_a_site_is_looked_at_taken_in_asked_and_kept_when_it_is_down(site: WebSite, firmground):
    assert "nothing was written" in firmground("sync", "--dry-run").out
    report = json.loads(firmground("sync", "--json").out)
    assert report["totals"]["documents"]["added"] == 2
    shown = json.loads(firmground("documents", "show", f"site/{site.host}/leave", "--json").out)
    assert (shown["title"], shown["media_type"], shown["metadata"]["url"]) == ("Leave", "text/html", f"{site.url}/leave")
    assert "31 March" in shown["text"]
    assert "Careers" not in shown["text"]
    assert "Imprint" not in shown["text"]
    answer = json.loads(firmground("ask", "How many days of leave may I carry over?", "--json").out)
    assert answer["citations"][0]["uri"] == f"site/{site.host}/leave"
    assert "it answers" in firmground("doctor").out
    site.pages = {"/robots.txt": Reply(status=503)}
    failed = firmground("sync")
    assert failed.code == 5
    assert failed.err.startswith(f"firmground: the web site {site.url}/ cannot be read (")
    assert failed.err.count("\n") == 1
    assert json.loads(firmground("status", "--json").out)["sources"][0]["indexed"] == 2


def test_a_site_with_nothing_for_it_says_where_to_look(site: WebSite, firmground, root: Path):
    settings = (
        (root / "firmground.toml").read_text().replace("delay_seconds = 0", 'delay_seconds = 0\ninclude = ["elsewhere/**"]')
    )
    (root / "firmground.toml").write_text(settings)
    assert "site holds no documents: look at its urls, include and exclude" in firmground("sync").out


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_crawl_that_is_interrupted_goes_on_and_loses_nothing(site: WebSite, firmground, root: Path, how: signal.Signals):
    site.pages["/"] = html(links(*(f"/{n}" for n in range(120))))
    site.pages.update({f"/{n}": html(f"<p>Page number {n} tells of leave.</p>") for n in range(120)})
    settings = (root / "firmground.toml").read_text()
    (root / "firmground.toml").write_text(settings.replace("delay_seconds = 0", "delay_seconds = 0.05"))
    begun = subprocess.Popen(
        [sys.executable, "-m", "firmground", "sync"],
        cwd=root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ},
    )
    while len(site.asked) < 20 and begun.poll() is None:
        time.sleep(0.02)
    begun.send_signal(how)
    _, said = begun.communicate(timeout=30)
    assert begun.returncode != 0, said
    assert len(site.asked) < 120
    (root / "firmground.toml").write_text(settings)
    report = json.loads(firmground("sync", "--json").out)
    assert report["totals"]["documents"]["added"] == 121
    assert json.loads(firmground("sync", "--json").out)["totals"]["documents"]["unchanged"] == 121
