"""Collects the texts of the pages into the catalogue of each language, and compiles the catalogues. `--missing` only lists what has no
translation. Translate in src/firmground/locales/<language>/LC_MESSAGES/firmground.po, then run it again."""

import argparse
import io
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "firmground"
LOCALES = PACKAGE / "locales"
LANGUAGES = ("de",)
_KEYWORDS: dict[str, Any] = {"_": None, "gettext": None, "ngettext": (1, 2), "plural": (1, 2), "marked": None, "translated": None}
_JINJA = {
    "extensions": "jinja2.ext.i18n",
    "newstyle_gettext": "true",
    "trim_blocks": "true",
    "lstrip_blocks": "true",
    "silent": "false",
}
_NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)
"""So that the same texts compile to the same bytes."""


def collected() -> Catalog:
    """Every text that a page can show, in English."""
    found = Catalog(project="firmground", charset="utf-8")
    for path in sorted(
        [
            *(PACKAGE / "web").rglob("*"),
            *(PACKAGE / "app" / "notifying").glob("*.py"),
            *(PACKAGE / "app" / "reviewing").glob("*.py"),
        ]
    ):
        if path.suffix not in {".py", ".html"}:
            continue
        method, options = ("python", {}) if path.suffix == ".py" else ("jinja2.ext:babel_extract", _JINJA)
        for _line, message, _comments, _context in extract_from_file(method, path, keywords=_KEYWORDS, options=options):
            # Without line numbers: a catalogue changes when its texts do.
            found.add(message, locations=[(str(path.relative_to(ROOT)), None)])
    return found


def catalogue(language: str) -> Catalog:
    """What is translated so far."""
    with po(language).open("rb") as file:
        known = read_po(file, locale=language)
    known.creation_date = known.revision_date = _NO_DATE
    return known


def po(language: str) -> Path:
    """Where translators write."""
    return LOCALES / language / "LC_MESSAGES" / "firmground.po"


def compiled(catalog: Catalog) -> bytes:
    """What the server reads."""
    packed = io.BytesIO()
    write_mo(packed, catalog)
    return packed.getvalue()


def written(catalog: Catalog) -> bytes:
    """The catalogue as it stands in the repository, without dates and tools."""
    text = io.BytesIO()
    write_po(text, catalog, width=130, sort_output=True, omit_header=True, ignore_obsolete=True)
    header = f'msgid ""\nmsgstr ""\n"Language: {catalog.locale}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    return f'{header}"Plural-Forms: {catalog.plural_forms}\\n"\n\n'.encode() + text.getvalue()


def missing(language: str) -> list[str]:
    """The texts of the pages that have no translation in this language."""
    known = catalogue(language)
    return [_name(each.id) for each in collected() if each.id and not _translated(known, each.id)]


def _translated(known: Catalog, id: Any) -> bool:
    entry = known.get(id)
    if entry is None or entry.fuzzy or isinstance(id, tuple) != isinstance(entry.id, tuple):
        return False
    return all(entry.string) if isinstance(entry.string, tuple | list) else bool(entry.string)


def _name(id: Any) -> str:
    return id[0] if isinstance(id, tuple) else id


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--missing", action="store_true")
    only_list = parser.parse_args().missing
    for language in LANGUAGES:
        if not only_list:
            po(language).parent.mkdir(parents=True, exist_ok=True)
            known = catalogue(language) if po(language).exists() else Catalog(locale=language)
            known.update(collected(), no_fuzzy_matching=True)
            po(language).write_bytes(written(known))
            po(language).with_suffix(".mo").write_bytes(compiled(catalogue(language)))
        left = missing(language)
        sys.stdout.write(f"{language}: {len(left)} without translation\n" + "".join(f"  {each}\n" for each in left))


if __name__ == "__main__":
    main()
