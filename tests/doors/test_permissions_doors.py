"""Who may see a document, asked over HTTP, on the page of the document and on the command line."""

from pathlib import Path

from inside import bearer, sign_in, with_account, with_owner
from serving import serving
from test_cli import Place

from firmground.app.corpus.sync import sync
from firmground.testing.app import ADMINISTRATOR


def test_over_http_administrators_ask_about_everybody_and_others_about_themselves(tmp_path: Path):
    with serving(tmp_path) as (client, served):
        with_owner(served)
        with_account(served, "bob")
        admin, bob = bearer(served, "ada", "a"), bearer(served, "bob", "b")
        address = "/api/v1/permissions?person={}&document={}"
        told = client.get(address.format("bob", "leave.md"), headers=admin).json()
        assert (told["allowed"], told["document"], told["role"]) == (True, "docs/leave.md", "user")
        assert client.get(address.format("public", "leave.md"), headers=admin).json()["allowed"] is False
        own = client.get(address.format("bob", "leave.md"), headers=bob).json()
        assert (own["allowed"], own["said"]) == (True, [])
        assert client.get(address.format("ada", "leave.md"), headers=bob).status_code == 403
        assert client.get(address.format("bob", "no-such.md"), headers=bob).status_code == 404
        assert client.get("/api/v1/permissions?person=bob", headers=bob).status_code == 422


def test_the_page_of_a_document_tells_administrators_and_nobody_else(tmp_path: Path):
    with serving(tmp_path) as (client, served):
        with_owner(served)
        with_account(served, "bob")
        sync(served.app, ADMINISTRATOR)
        sign_in(client, served)
        id = client.get("/api/v1/documents").json()["documents"][0]["id"]
        assert "bob may see it." in client.get(f"/documents/{id}?who=bob").text
        unknown = client.get(f"/documents/{id}?who=%3Cb%3E")
        assert (unknown.status_code, "there is no person" in unknown.text, "<b>" in unknown.text) == (200, True, False)
        client.cookies.clear()
        sign_in(client, served, "bob")
        page = client.get(f"/documents/{id}?who=ada").text
        assert "who-sees" not in page


def test_the_command_says_why_and_ends_with_what_it_found(tmp_path: Path):
    (tmp_path / "firmground.toml").write_text('[[sources]]\nname = "docs"\npath = "docs"\ngroups = ["hr"]\n')
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "leave.md").write_text("# Leave\n\nFive days may be carried over.\n")
    place = Place(tmp_path)
    assert place("sync").code == 0
    assert place("person", "add", "ada", "-g", "hr").code == 0
    assert place("person", "add", "bob").code == 0
    assert place.data("can", "ada", "leave.md")["allowed"] is True
    refused = place("can", "bob", "leave.md")
    assert (refused.code, refused.out.splitlines()) == (
        4,
        [
            "bob may not see docs/leave.md",
            "  it is for hr; bob is in no group",
            "  the setting groups of the source says: hr",
            "to change that:",
            "  `firmground group add hr --person bob` would allow it",
            "  other groups in firmground.toml, or in a file beside it, and a sync would allow it",
        ],
    )
    assert place("can", "bob", "leave.md", "--as", "bob").code == 3
    assert "no person 'eve'" in place("can", "eve", "leave.md").err
