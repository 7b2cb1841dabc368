"""Change answers in the text of a `brief.toml`, and nothing else of it: comments and order stay as people wrote them."""

from datetime import date
from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast

from firmground.errors import FirmgroundError, Refused
from firmground.gate.brief import FILE_NAME, Brief, changed, read, value_of

if TYPE_CHECKING:
    from tomlkit.items import Item


def empty() -> str:
    """The text of a brief that answers nothing, with a comment on every question."""
    return files("firmground.gate").joinpath(f"{FILE_NAME}.template").read_text(encoding="utf-8")


def edited(text: str, after: Brief) -> str:
    """The text with every answer that differs changed to what `after` says. Refused where that cannot be done without touching
    something else."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    before = read(text)
    try:
        document: Any = tomlkit.parse(text.replace("\r\n", "\n"))
        for field in changed(before, after):
            table, _, name = field.rpartition(".")
            if table and table not in document:
                document[table] = tomlkit.table()
            _put(document[table] if table else document, name, value_of(after, field))
        written = tomlkit.dumps(document)
        if read(written) != after:
            raise Refused("what would be written says something else")
    except (TOMLKitError, FirmgroundError, ValueError, TypeError, KeyError) as error:
        raise Refused(f"{FILE_NAME} cannot be changed in this place ({error})", "edit the file itself") from None
    return written.replace("\n", "\r\n") if "\r\n" in text else written


def sample(text: str, first_review: date) -> str:
    """The brief of the sample with the day on which it is looked at again."""
    return edited(text, read(text).model_copy(update={"first_review": first_review}))


def _put(place: Any, name: str, value: object) -> None:
    if value is False:
        place.remove(name)
    else:
        place[name] = _item("" if value is None else value)


def _item(value: object) -> "Item":
    import tomlkit

    if isinstance(value, tuple):
        lines: Any = tomlkit.array()
        for line in cast("tuple[str, ...]", value):
            lines.append(line)
        return lines.multiline(bool(lines))
    if isinstance(value, str):
        return tomlkit.string(value, multiline="\n" in value)
    if isinstance(value, float) and value.is_integer():
        return tomlkit.item(int(value))
    return tomlkit.item(value)
