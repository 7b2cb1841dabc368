"""The language that a page speaks, and its words, numbers and dates.

For whoever writes a page:

- In a template: `{{ _("All documents") }}`, `{{ _("Sent by %(name)s", name=person) }}`, and `{% trans %}…{% endtrans %}` around text with
  markup in it. Only literals: what `_` gets in a template is trusted as HTML (what is filled in is escaped).
- In Python: `from firmground.web.language import _, plural` and `_("Answered")`, `_("page %(n)s", n=3)`, `plural("%(num)s page",
  "%(num)s pages", count)`. They know the language of the request by a context variable, in threads of `visit.run` too.
- A constant of a module is made before there is a request: write `TITLE = marked("Answered")` and say `_(TITLE)` in Python or
  `{{ TITLE | translated }}` in a template when it is shown.
- A text for a script stands in the page, in a `data-` attribute or a `<template>`.
- `number`, `decimal`, `percent`, `moment` and `day` write numbers and times as the language does; templates have them as filters.

`tools/build_locales.py` collects the texts into `locales/`; a test fails while one has no translation. Errors (`FirmgroundError`) are
English everywhere: give the element that shows one `lang="en"`.
"""

import re
from contextvars import ContextVar
from datetime import datetime
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from firmground.language import catalogue as catalogues
from firmground.language.catalogue import LANGUAGES, catalogue, translated
from firmground.web.cookies import cookie

COOKIE = "firmground_language"
_A_CENT = 0.01
_TOLD_LEAST = 0.0001

_MONTHS = {
    "en": (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    "de": ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"),
}
marked = catalogues.marked
_spoken: ContextVar[str] = ContextVar("language", default="en")


class Speaking:
    """ASGI middleware: the language of each request, for everything inside. `?lang=` comes before the cookie, that before the browser's."""

    def __init__(self, inside: ASGIApp) -> None:
        self._inside = inside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            query = scope["query_string"].decode("latin-1")
            speak(choose(query, cookie(headers, COOKIE), headers.get("accept-language", "")))
        await self._inside(scope, receive, send)


def spoken() -> str:
    """The language of this request."""
    return _spoken.get()


def speak(language: str) -> None:
    """Answer this request in `language`."""
    _spoken.set(language)


def choose(query: str, remembered: str, accepted: str) -> str:
    """The language for a query string, what our cookie holds, and an Accept-Language header; English where none is ours."""
    return asked(query) or _ours(remembered) or _accepted(accepted) or "en"


def asked(query: str) -> str:
    """The language that `?lang=` asks for; nothing where it is not ours."""
    fields = dict(parse_qsl(query[:8000]))
    return _ours(fields.get("lang", ""))


def _accepted(header: str) -> str:
    """The best of `de-AT,de;q=0.9,en;q=0.8` that we speak."""
    wishes: list[tuple[float, str]] = []
    for part in header[:500].split(","):
        name, _sign, weight = part.partition(";")
        quality = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", weight)
        language = "en" if name.strip() == "*" else _ours(name)
        if language and (quality is not None or not weight.strip()):
            wishes.append((float(quality[1]) if quality else 1.0, language))
    # `max` keeps the first of equals: the order of the header.
    best = max(wishes, key=lambda wish: wish[0], default=(0.0, ""))
    return best[1] if best[0] > 0 else ""


def _ours(name: str) -> str:
    primary = name.strip().lower().partition("-")[0]
    return primary if primary in LANGUAGES else ""


def _(text: str, /, **fields: object) -> str:
    """`text` in the language of this request, with `%(name)s` filled in. Plain text: templates escape it."""
    return translated(text, spoken(), **fields)


def plural(one: str, many: str, count: int, /, **fields: object) -> str:
    """The form for `count`, which is also the field `%(num)s`, written as a number of the language."""
    return catalogue(spoken()).ngettext(one, many, count) % {"num": number(count), **fields}


def gettext(text: str) -> str:
    """For templates: the translation of a text, unfilled."""
    return catalogue(spoken()).gettext(text)


def ngettext(one: str, many: str, count: int) -> str:
    """For templates: the form of a text for a count, unfilled."""
    return catalogue(spoken()).ngettext(one, many, count)


def number(count: int) -> str:
    """`12 345`, with a thin space that does not break, in every language of ours."""
    return f"{count:,}".replace(",", "\u202f")


def decimal(value: float, places: int = 2) -> str:
    """`0.42`; with a comma in German."""
    return _pointed(f"{value:,.{places}f}")


def money(value: float) -> str:
    """`0.42`; of less than a hundredth what can still be told: `0.0004`."""
    if 0 < value < _TOLD_LEAST:
        return "< " + decimal(_TOLD_LEAST, 4)
    return decimal(value, 4 if 0 < value < _A_CENT else 2)


def percent(share: float, places: int = 0) -> str:
    """`42%` of a share of 1; `42 %` in German."""
    return _pointed(f"{100 * share:,.{places}f}") + ("\u202f%" if spoken() == "de" else "%")


def _pointed(written: str) -> str:
    whole, _point, rest = written.replace(",", "\u202f").partition(".")
    return whole + (("," if spoken() == "de" else ".") + rest if rest else "")


def day(stamp: str | datetime) -> str:
    """`20 November 2026`; `20. November 2026` in German."""
    when = _when(stamp)
    return f"{when.day}{'.' if spoken() == 'de' else ''} {_MONTHS[spoken()][when.month - 1]} {when.year}"


def moment(stamp: str | datetime) -> str:
    """`20 November 2026, 09:00 UTC`."""
    when = _when(stamp)
    return f"{day(when)}, {when:%H:%M %Z}".strip()


def _when(stamp: str | datetime) -> datetime:
    return datetime.fromisoformat(stamp) if isinstance(stamp, str) else stamp
