"""Forms of our own pages."""

import secrets
from urllib.parse import parse_qs

from starlette.requests import Request

from firmground.web.problems import Forbidden, Malformed
from firmground.web.visit import Visit


async def form(request: Request, visit: Visit, *, most: int = 50) -> dict[str, str]:
    """The fields of one of our forms, at most so many. Forbidden without the token that only our pages know."""
    try:
        text = (await request.body()).decode("utf-8")
        fields = parse_qs(text, keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=most)
    except ValueError:
        raise Malformed("the form is not UTF-8 text", "send it from the page again") from None
    values = {name: given[-1] for name, given in fields.items()}
    if any("\0" in value for value in values.values()):
        raise Malformed("the form holds a NUL character", "leave it out")
    check_token(values.get("token", ""), visit)
    return values


def check_token(token: str, visit: Visit) -> None:
    """Forbidden for any other than what our pages hold."""
    if not secrets.compare_digest(token.encode("utf-8", "replace"), visit.form_token.encode()):
        raise Forbidden("this form is not from a page of the running server", "load the page again and send it once more")
