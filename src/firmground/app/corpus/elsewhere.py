"""Where a document can be read in its own place: pages of web sites."""

import re

from firmground.app.app import App
from firmground.types import Document

_ADDRESS = re.compile(r"https?://[a-z0-9.\[\]:_-]{1,300}(?:[/?][!-~]{0,2000})?")
_UNSAFE = frozenset("\"'<>\\`")


def address(app: App, document: Document) -> str:
    """The address of a page, good for a link; empty for what does not come from a web site. What a document says of itself counts for
    nothing here: only a source that fetched it from there knows."""
    url = document.metadata.get("url")
    from_web = any(source.name == document.source and source.kind == "web" for source in app.workspace.settings.sources)
    if not from_web or not isinstance(url, str) or not _ADDRESS.fullmatch(url) or _UNSAFE.intersection(url):
        return ""
    return url
