"""A workspace in which somebody has planted mark-up wherever they could write, and a reader who finds it if it ever becomes any."""

import json
import re
from collections.abc import Generator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path

from reviewed import wanted
from serving import serving
from starlette.testclient import TestClient

from firmground.app.access import people
from firmground.app.asking import opinions
from firmground.app.evaluating import evaluation
from firmground.app.launching import audits, live, releases
from firmground.app.reviewing import acting
from firmground.gate.brief import Brief
from firmground.gate.policy import TEMPLATE
from firmground.testing.app import ADMINISTRATOR
from firmground.web.served import Served

MARK = "xq9"
"""Stands in all that is planted, and nowhere else."""
PLANTED = (
    f"\"'><{MARK} on{MARK}=1><img src=x onerror={MARK}()><a href='javascript:{MARK}()'>a</a> [b](javascript:{MARK})"
    " ${7*7} {{7*7}} </script><!--"
)
"""Ends a tag, an attribute, a script; brings elements, a handler, a link, Markdown, a template."""
QUESTION = f"how many vacation days may I carry over {PLANTED}?"
_OURS = re.compile(r"/(?![/\\])|#|\?|mailto:")


@contextmanager
def planted(place: Path) -> Generator[tuple[TestClient, Served, dict[str, str]]]:
    """The door, and what stands for each variable part of an address."""
    (place / "golden").mkdir(parents=True)
    (place / "golden" / "all.yaml").write_text(_cases())
    (place / "brief.toml").write_text(_brief())
    (place / "policy.toml").write_text(TEMPLATE)
    name = f"<{MARK} on{MARK}=1>.md"
    text = f"---\nowner: {json.dumps(PLANTED)}\ntitle: {json.dumps(PLANTED)}\n---\n# {PLANTED}\n\n"
    text += f"{PLANTED} Every employee may carry over five vacation days {PLANTED}.\n\n"
    text += f"| {PLANTED} | b |\n|---|---|\n| {PLANTED} | c |\n\n```\n{PLANTED}\n```\n"
    with serving(place, {name: text, "travel.md": f"# Travel\n\n{PLANTED}\n"}) as (client, served):
        app = served.app
        answer = client.post("/api/v1/answers", json={"question": QUESTION}).json()
        assert answer["citations"], answer
        local = served.local_actor
        opinions.rate(app, local, answer["id"], "down", reason="wrong", comment=PLANTED)
        opinions.ask_person(app, local, answer["id"], PLANTED)
        item = wanted(app, QUESTION, note=PLANTED)
        acting.flag(app, local, item.id, revision=1, reason="unsafe", note=PLANTED)
        people.add_group(app, ADMINISTRATOR, "staff")
        people.add_person(app, ADMINISTRATOR, "somebody", groups=["staff"])
        releases.create(app, ADMINISTRATOR, note=PLANTED)
        made = evaluation.run(app, ADMINISTRATOR)
        audit = audits.run(app, local, release="1", exercising={})
        live.promote(app, local, "1", reason=PLANTED, override=True, demonstration=True)
        yield client, served, {
            "/answers/{id}": f"/answers/{answer['id']}",
            "/answers/{id}/share": f"/answers/{answer['id']}/share",
            "/audits/{id}": f"/audits/{audit.id}",
            "/audits/{id}/{file}": f"/audits/{audit.id}/report.html",
            "/diagnosis/{file}": "/diagnosis/report.html",
            "/standards/{file}": "/standards/report.html",
            "/brief/edit/{slug}": "/brief/edit/proof",
            "/cases.{kind}": "/cases.csv",
            "/cases/{id}": "/cases/planted",
            "/cases/{id}/edit": "/cases/planted/edit",
            "/documents/{id}": f"/documents/{answer['citations'][0]['document']}",
            "/documents/{id}/original": f"/documents/{answer['citations'][0]['document']}/original",
            "/documents/{id}/purge": f"/documents/{answer['citations'][0]['document']}/purge",
            "/documents/{id}/pages/{n}.png": f"/documents/{answer['citations'][0]['document']}/pages/1.png",
            "/evaluations/{id}": f"/evaluations/{made.id}",
            "/evaluations/{id}/cases/{case}": f"/evaluations/{made.id}/cases/planted",
            "/evaluations/{id}/{file}": f"/evaluations/{made.id}/report.html",
            "/groups/of/{name:path}": "/groups/of/staff",
            "/new-case": f"/new-case?answer={answer['id']}",
            "/people/of/{name:path}": "/people/of/somebody",
            "/releases/{ref}": "/releases/1",
            "/reviews/{id}": f"/reviews/{item.id}",
            "/releases/{ref}/diff": "/releases/1/diff?to=candidate",
            "/releases/{ref}/rollback": "/releases/1/rollback",
        }  # fmt: skip


def _cases() -> str:
    quoted = "'" + QUESTION.replace("'", "''") + "'"
    word = "'" + PLANTED.replace("'", "''") + "'"
    fields = f"question: {quoted}\n  expect: {{contains: [five, {word}], sources: [{word}]}}\n"
    fields += f"  unacceptable: [{word}]\n  owner: {word}\n  notes: {word}\n"
    return f"- id: planted\n  {fields}- id: {word}\n  question: {quoted}\n- {word}: 1\n"


def _brief() -> str:
    word = '"' + PLANTED.replace("\\", "\\\\").replace('"', '\\"') + '"'
    lines: list[str] = []
    for name, field in Brief.model_fields.items():
        if field.annotation in {bool} or name in {"success_metric", "sla", "first_review", "sample"}:
            continue
        lines.append(f"{name} = [{word}]" if isinstance(field.default, tuple) else f"{name} = {word}")
    parts = [
        f"[success_metric]\nname = {word}\nbaseline = {word}\ntarget = {word}",
        f"[sla]\navailability = {word}\nowner = {word}\nalert_route = {word}",
    ]
    return "\n".join([*lines, *parts]) + "\n"


class Page(HTMLParser):
    """What a page does that ours never do, and how often planted text stands in it as text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.planted = 0
        self._within = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._within = tag
        if (
            MARK in tag
            or (tag == "script" and not given.get("src", "").startswith("/static/"))
            or tag in {"object", "embed", "iframe", "base"}
        ):
            self.wrong.append(f"<{tag}>")
        self.wrong += [f"{tag} {name}" for name in given if name.startswith("on") or MARK in name or name == "style"]
        self.wrong += [
            f"{tag} {name}={given[name]}"
            for name in ("href", "src", "action", "formaction")
            if name in given and not self._good(given[name])
        ]
        self.planted += sum(MARK in value for value in given.values())

    def _good(self, address: str) -> bool:
        return bool(_OURS.match(address)) or address == ""

    def handle_data(self, data: str) -> None:
        self.planted += MARK in data

    def handle_comment(self, data: str) -> None:
        if MARK in data:
            self.wrong.append("a comment")

    def handle_decl(self, decl: str) -> None:
        if MARK in decl:
            self.wrong.append("a declaration")
