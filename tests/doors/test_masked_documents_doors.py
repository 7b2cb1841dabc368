"""Masked personal data at every door: read by who may, and told by its kind to others."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from inside import bearer, sign_in, token_of, with_account, with_owner
from serving import HERE
from starlette.testclient import TestClient
from test_cli import Place

from firmground import mcp
from firmground.app.access import keys
from firmground.app.corpus.sync import sync
from firmground.settings import Settings
from firmground.settings_sources import SourceSection
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.types import Actor
from firmground.web.application import application
from firmground.web.served import Served
from firmground.web.visit import Visit

MAIL = "erika.musterfrau@firma.example"
LEAVE = f"---\ntitle: Leave ({MAIL})\n---\n# Leave\n\nWrite to {MAIL} about leave before you book a trip.\n"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[TestClient, Served]]:
    """`ada` owns it and is in no group; `bob` is in hr, who read what is masked; `eve` is not."""
    source = SourceSection(name="docs", path=".", personal_data="mask", personal_data_for=("hr",))
    bench = Bench(tmp_path, settings=Settings(sources=(source,)))
    bench.source.contents["leave.md"] = LEAVE.encode()
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        served = Served(app, patience=0.2)
        assert served.open_parts()
        with_owner(served)
        with_account(served, "bob", groups=("hr",))
        with_account(served, "eve")
        yield TestClient(application(served), base_url=HERE, raise_server_exceptions=False, follow_redirects=False), served
        served.close()


def of(client: TestClient, headers: dict[str, str]) -> str:
    return client.get("/api/v1/documents", headers=headers).json()["documents"][0]["id"]


def test_programs_read_it_with_the_key_of_somebody_who_may(site: tuple[TestClient, Served]) -> None:
    client, served = site
    for person, reads in (("bob", True), ("eve", False), ("ada", False)):
        key = bearer(served, person, person)
        shown = client.get(f"/api/v1/documents/{of(client, key)}", headers=key).json()
        assert (MAIL in shown["text"], MAIL in shown["title"], shown["masked_readable"]) == (reads, reads, reads)
        assert [(each["kind"], each["why"]) for each in shown["masked"]] == [("email", "form")]
        hits = client.post("/api/v1/search", json={"query": "leave before a trip"}, headers=key).json()["hits"]
        assert [MAIL in hit["snippet"] for hit in hits] == [reads]
        listed = client.get("/api/v1/documents", headers=key).text
        assert (MAIL in listed) is reads


def test_a_visitor_of_a_page_elsewhere_reads_placeholders(site: tuple[TestClient, Served]) -> None:
    client, served = site
    _, secret = keys.add_widget_key(served.app, ADMINISTRATOR, "page", origins=["https://example.org"], groups=["everyone"])
    headers = {"Authorization": f"Bearer {secret}", "Origin": "https://example.org"}
    found = client.post("/api/v1/search", json={"query": "leave before a trip"}, headers=headers)
    assert MAIL not in found.text


def test_the_page_shows_a_chip_in_words_and_what_is_masked_and_why(site: tuple[TestClient, Served]) -> None:
    client, served = site
    sign_in(client, served, "eve")
    id = of(client, {})
    page = client.get(f"/documents/{id}").text
    assert MAIL not in page
    chips = re.findall(r'<span class="masked" title="EMAIL_\w{10}">e-mail address, hidden <small>\w{4}</small></span>', page)
    assert len(chips) == 2
    assert "recognised by how it is written" in page
    assert "You read what kind it is, and not the file itself." in page
    assert "/original" not in page
    german = client.get(f"/documents/{id}", headers={"Accept-Language": "de"}).text
    assert "E-Mail-Adresse, verborgen" in german
    assert "e-mail address, hidden" in client.get("/documents?query=" + quote("leave before a trip")).text
    assert client.get(f"/documents/{id}/original").status_code == 403
    assert client.get(f"/documents/{id}/pages/1.png").status_code == 403


def test_titles_and_questions_asked_before_are_told_in_words_too(site: tuple[TestClient, Served]) -> None:
    client, served = site
    sign_in(client, served, "eve")
    asked = client.post("/", data={"token": token_of(client, served), "question": "Whom do I write to about leave?"})
    for path in (asked.headers["location"], "/me", "/documents"):
        page = client.get(path).text
        assert "e-mail address, hidden" in page, path
        seen = re.sub(r"<template.*?</template>|<[^>]*>", "", page, flags=re.DOTALL)
        assert "EMAIL_" not in seen, path


def test_who_may_read_it_reads_it_on_the_page_and_has_the_file(site: tuple[TestClient, Served]) -> None:
    client, served = site
    sign_in(client, served, "bob")
    id = of(client, {})
    page = client.get(f"/documents/{id}").text
    assert f'<span class="unmasked" title="masked for others: e-mail address">{MAIL}</span>' in page
    assert f"<title>Leave ({MAIL})" in page
    assert "EMAIL_" not in page
    assert client.get(f"/documents/{id}/original").content == LEAVE.encode()
    assert MAIL in client.get("/documents?query=" + quote("leave before a trip")).text


def test_agents_read_documents_as_their_person_may(site: tuple[TestClient, Served]) -> None:
    _, served = site
    for groups, reads in (({"hr"}, True), (set[str](), False)):
        actor = Actor(person="bob", groups=frozenset({"public", "everyone", *groups}), via="http")
        told = mcp._part(Visit(served, actor, by="key"), mcp.ReadDocument(document="leave.md"))
        assert (MAIL in told["text"], MAIL in told["title"]) == (reads, reads)
        assert told["end"] == told["characters"]


def test_the_command_reads_it_for_who_has_the_files_and_not_for_others(tmp_path: Path) -> None:
    (tmp_path / "firmground.toml").write_text(
        '[[sources]]\nname = "docs"\npath = "docs"\npersonal_data = "mask"\npersonal_data_for = ["hr"]\n'
    )
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "leave.md").write_text(LEAVE)
    place = Place(tmp_path)
    assert place("sync").code == 0
    assert place("person", "add", "eve").code == 0
    assert MAIL in place("documents", "show", "leave.md").out
    assert MAIL not in place("documents", "show", "leave.md", "--as", "eve").out
    assert place.data("can", "eve", "leave.md")["reads_masked"] is False
