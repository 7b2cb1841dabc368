"""What a browser kept for us."""

from starlette.datastructures import Headers


def cookie(headers: Headers, name: str) -> str:
    """The last of this name; empty where there is none. Ours hold no quotes, and undoing those of others takes some versions of Python a
    time that grows with the square of their length."""
    found = ""
    for header in headers.getlist("cookie"):
        for pair in header.split(";"):
            given, _sign, value = pair.partition("=")
            if given.strip() == name:
                found = value.strip()
    return found
