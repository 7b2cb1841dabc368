"""Speaker notes of a presentation, slide by slide. (xberg gives the n-th notes to the n-th slide, whichever slide they belong to.)"""

import io
import posixpath
import zipfile
import zlib
from xml.etree import ElementTree

_MAIN = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_SHOW = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_LIMIT = 10 << 20


def speaker_notes(content: bytes) -> list[str]:
    """The notes of each slide in the order of the show, empty where there are none; an empty list where they cannot be read."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            targets = _targets(archive, "ppt/presentation.xml")
            show = _xml(archive, "ppt/presentation.xml")
            slides = [targets[entry.get(_LINK, "")][1] for entry in show.iter(f"{_SHOW}sldId")]
            return [_notes_of(archive, slide) for slide in slides]
    except (zipfile.BadZipFile, zlib.error, ElementTree.ParseError, KeyError, ValueError, OSError, EOFError, NotImplementedError):
        return []


def _notes_of(archive: zipfile.ZipFile, slide: str) -> str:
    paths = [path for kind, path in _targets(archive, slide).values() if kind.endswith("/notesSlide")]
    bodies = [_body(_xml(archive, path)) for path in paths]
    return "\n".join(filter(None, bodies))


def _body(notes: ElementTree.Element) -> str:
    paragraphs: list[str] = []
    for shape in notes.iter(f"{_SHOW}sp"):
        if any(place.get("type") == "body" for place in shape.iter(f"{_SHOW}ph")):
            paragraphs += ["".join(run.text or "" for run in block.iter(f"{_MAIN}t")) for block in shape.iter(f"{_MAIN}p")]
    return "\n".join(paragraphs).strip()


def _targets(archive: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Relation id → (kind, path in the archive)."""
    folder, name = posixpath.split(part)
    path = f"{folder}/_rels/{name}.rels"
    if path not in archive.namelist():
        return {}
    return {
        entry.get("Id", ""): (entry.get("Type", ""), posixpath.normpath(posixpath.join("/", folder, entry.get("Target", "")))[1:])
        for entry in _xml(archive, path)
    }


def _xml(archive: zipfile.ZipFile, path: str) -> ElementTree.Element:
    """Parsed without a document type: entities have no place in office files."""
    with archive.open(path) as opened:
        written = opened.read(_LIMIT + 1)
    if len(written) > _LIMIT or b"<!DOCTYPE" in written or b"<!ENTITY" in written:
        raise ValueError(path)
    return ElementTree.fromstring(written)  # noqa: S314 - no document type, no entities
