"""Pages from templates. Everything is escaped; nothing is trusted as HTML. How texts are translated: `firmground.web.language`."""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from firmground.app.evaluating.sight import WITHHELD
from firmground.settings_oidc import OidcSection
from firmground.web import language, prose
from firmground.web.said import said, ticked

STATIC = Path(__file__).parent / "static"
_A_YEAR = 365 * 86_400


def page(
    request: Request, template: str, values: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """One page, in the language of the request. Every template also sees the workspace's name, the actor, what they may do, the form
    token, what keeps questions from being answered, what is live by override, how much waits for their review, how many
    messages are unread, and the request's id."""
    served = request.app.state.served
    visit = request.state.visit
    html = (
        _environment()
        .get_template(template)
        .render(
            workspace=served.app.workspace.name,
            person=visit.actor.person,
            token=visit.form_token,
            came_by=visit.by,
            may=visit.actor.may,
            role=visit.actor.role,
            provider=_provider(served.app.workspace.settings.oidc),
            path=request.url.path,
            trouble=None if visit.by == "nobody" else served.trouble,
            exception=visit.exception,
            to_review=visit.to_review,
            unread=visit.unread,
            request_id=request.state.request_id,
            language=language.spoken(),
            languages=_languages(request),
            **values,
        )
    )
    answer = Response(html.encode("utf-8", "replace"), int(status), headers, "text/html")
    answer.headers["Content-Language"] = language.spoken()
    answer.headers.add_vary_header("Accept-Language")
    answer.headers.add_vary_header("Cookie")
    if chosen := language.asked(request.url.query):
        secure = request.url.scheme == "https"
        answer.set_cookie(language.COOKIE, chosen, max_age=_A_YEAR, samesite="lax", httponly=True, secure=secure)
    return answer


def _provider(settings: OidcSection) -> str:
    """What the provider is called that people may sign in with; empty where there is none."""
    return settings.name if settings.issuer else ""


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("firmground.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(language.gettext, language.ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.globals["static"] = static  # pyright: ignore[reportArgumentType]
    environment.globals["WITHHELD"] = WITHHELD  # pyright: ignore[reportArgumentType]
    filters = cast("dict[str, Any]", environment.filters)
    filters.update(words=words, runs=prose.words, by_form=prose.by_form, translated=language.gettext, said=said, ticked=ticked)
    for each in (language.number, language.decimal, language.money, language.percent, language.moment, language.day):
        filters[each.__name__] = each
    return environment


def hidden_words(kind: str) -> str:
    """What stands in the place of personal data of this kind, in the language of the request."""
    names = cast("Any", _environment().get_template("names.html").module)
    return str(names.hidden_kind(kind))


def _languages(request: Request) -> list[tuple[str, str, str]]:
    """Code and name of each language, and the address of this page in it."""
    kept = [(name, value) for name, value in parse_qsl(request.url.query, keep_blank_values=True) if name != "lang"]
    return [(code, name, "?" + urlencode([*kept, ("lang", code)])) for code, name in language.LANGUAGES.items()]


@cache
def static(name: str) -> str:
    """The address of a file of ours; it changes with the content, so that browsers may keep it."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


class Files(StaticFiles):
    """Our files. A browser keeps one for good if its address names its content (`static`), and asks whether it changed if not."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        known = scope["query_string"].startswith(b"v=") and answer.status_code == 200
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable" if known else "no-cache"
        return answer


def words(code: str) -> str:
    """`near_duplicate` → `near duplicate`."""
    return code.replace("_", " ")
