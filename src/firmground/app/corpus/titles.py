"""A document's title, and the one made from its file name where it has none of its own."""

from pathlib import PurePosixPath

from firmground.types import Document


def title_from_name(uri: str) -> str:
    """`policies/leave-carry_over.md` → `leave carry over`."""
    stem = PurePosixPath(uri).stem
    return " ".join(stem.replace("-", " ").replace("_", " ").split()) or uri


def own_title(document: Document) -> str:
    """Its title, or "" where that only comes from the file name: a renamed file must not need embedding again."""
    return "" if document.title == title_from_name(document.uri) else document.title
