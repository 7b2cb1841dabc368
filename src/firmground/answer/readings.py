"""Several readings of one question: things that the evidence tells apart and the question does not."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from firmground.answer.units import Quote, Unit
from firmground.language.follow_ups import content_words
from firmground.language.markdown import cells, spoken
from firmground.language.questions import asked_for
from firmground.language.terms import query_terms, terms
from firmground.types import Passage, Value

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_QUANTITY = re.compile(r"([€£$¥])?\s?(\d+(?:[.,:]\d+)*)\s?(%|°C|[€£$¥]|[^\W\d_]{1,20})?")
_PERSON = re.compile(r"[^\W\d_a-zß-ÿ]\S*(?: [^\W\d_]\S*){1,3}$")
"""A name as people have it: two to four words, the first with a capital."""
_LONGEST_LABEL = 80
_LONGEST_REPEATED = 300


class Choice(Value):
    """One reading of a question: a whole question that can be asked as it stands, and what tells it from the others."""

    text: str
    label: str


@dataclass(frozen=True)
class Readings:
    """What a question may mean, best first, and what they differ by (the header of a column; "" where nothing names it)."""

    by: str
    labels: tuple[str, ...]

    def choices(self, question: str, most: int) -> tuple[Choice, ...]:
        if not repeatable(question):
            return ()
        plain = question.strip().rstrip("?!. \u00a0").strip()
        return tuple(Choice(text=f"{plain} ({label})?", label=label) for label in self.labels[:most])


def repeatable(question: str) -> bool:
    """Whether it can be said again with each of its readings: not what somebody pasted, of many words or several lines."""
    return len(question) <= _LONGEST_REPEATED and "\n" not in question.strip()


def of_rows(question: str, near: Sequence[Quote], passages: Sequence[Passage]) -> Readings | None:
    """Rows of the best quote's table that answer as well as it does, with other values, where the question names none of them."""
    best = near[0].unit
    language = passages[best.passage].language
    header = cells(best.header) if best.header else []
    units = [quote.unit for quote in near if quote.unit.header == best.header and quote.unit.passage == best.passage]
    rows = [cells(unit.text) for unit in sorted(units, key=lambda unit: unit.start)]
    rows = [row for row in rows if len(row) == len(header)]
    if len(rows) < 2 or _says_more(question, near[1:], near[0], language):
        return None
    columns = list(zip(*rows, strict=True))
    asked = _column(question, header, language)
    if asked is not None and _names(columns[asked]):
        asked = None
    key = next((at for at, column in enumerate(columns) if at != asked and _names(column)), None)
    if key is None or _names_row(question, columns, header, key, language) or _one_by_one(question, header[key]):
        return None
    if asked_for(question) == "person" and all(_PERSON.match(row[key]) for row in rows):
        return None  # what tells the rows apart is what is asked for
    values: dict[str, set[str]] = {}
    for row in rows:
        said = row[asked] if asked is not None else " ".join(cell for at, cell in enumerate(row) if at != key)
        if row[key] and (_NUMBER.search(said) or asked is not None):
            values.setdefault(_label(row[key]), set()).add(said)
    called = {frozenset(terms(label, language)) for label in values}
    apart = len(called) == len(values) > 1 and len(set[str]().union(*values.values())) > 1
    return Readings(by=_label(header[key]), labels=tuple(values)) if apart else None


def of_columns(question: str, near: Sequence[Quote], passages: Sequence[Passage]) -> Readings | None:
    """Columns of one of the rows that hold the same kind of value for different things, where the question names none of them."""
    for quote in near:
        header, row = (cells(quote.unit.header) if quote.unit.header else []), cells(quote.unit.text)
        labels = _alike(header[1:], row[1:]) if len(header) == len(row) else ()
        language = passages[quote.unit.passage].language
        if labels and not _says_more(question, near, quote, language) and not _names_one(question, labels, language):
            return Readings(by="", labels=labels)
    return None


def _alike(names: Sequence[str], values: Sequence[str]) -> tuple[str, ...]:
    """The names of columns that all hold a number of one unit, not all the same; () where one does not, or has no name."""
    quantities = [_quantity(value) for value in values]
    units = {quantity[1] for quantity in quantities if quantity}
    numbers = {quantity[0] for quantity in quantities if quantity}
    plain = all(names) and not any(_NUMBER.search(name) for name in names)
    if len(names) < 2 or not all(quantities) or len(units) != 1 or units == {""} or len(numbers) < 2 or not plain:
        return ()
    return tuple(map(_label, names))


def of_sections(question: str, near: Sequence[Quote], passages: Sequence[Passage], alike: float) -> Readings | None:
    """Sentences that say the same of different things, by their headings or titles, with other numbers.

    `alike`: share of the words of the shorter one that two sentences have in common.
    """
    told = [(quote.unit, _words(quote.unit, passages)) for quote in near if not quote.unit.header and _quantity(quote.unit.text)]
    for unit, words in told:
        group = [unit]
        for other, said in told:
            common = len(words & said) >= alike * max(1, min(len(words), len(said)))
            if other is not unit and common and all(_differ(other, one) for one in group):
                group.append(other)
        labels = _told_apart(group, passages)
        if labels and not _names_one(question, labels, passages[unit.passage].language):
            return Readings(by="", labels=labels)
    return None


def of_documents(question: str, near: Sequence[Quote], passages: Sequence[Passage]) -> Readings | None:
    """Rows of several documents that are called what is asked for, each with its own value: a property of what the document is about."""
    rows: dict[str, Unit] = {}
    for quote in near:
        row, passage = cells(quote.unit.text) if quote.unit.header else [], passages[quote.unit.passage]
        about = set(query_terms(" ".join(content_words(question, [passage.language])), [passage.language]))
        if row and about and about <= set(terms(row[0], passage.language)) and _NUMBER.search(" ".join(row[1:])):
            rows.setdefault(passage.document, quote.unit)
    labels = _told_apart(list(rows.values()), passages)
    values = {" ".join(cells(unit.text)[1:]) for unit in rows.values()}
    language = passages[near[0].unit.passage].language
    apart = labels and len(values) > 1 and not _names_one(question, labels, language)
    return Readings(by="", labels=labels) if apart else None


def _label(cell: str) -> str:
    return spoken(cell)[:_LONGEST_LABEL].strip()


def _says_more(question: str, others: Sequence[Quote], best: Quote, language: str) -> bool:
    """Whether another sentence speaks of something in the question that the best one is silent about."""
    about = set(query_terms(" ".join(content_words(question, [language])), [language]))
    return any(about & other.words.keys() - best.words.keys() for other in others)


def _names_row(question: str, columns: Sequence[Sequence[str]], header: Sequence[str], key: int, language: str) -> bool:
    """Whether the question says a word, or has a number, of what the rows are called by; not what their column is called."""
    wanted = set(query_terms(question, [language])) - set(terms(header[key], language))
    if _NUMBER.search(question) and any(_NUMBER.search(cell) for cell in columns[key]):
        return True  # it lies in the range of one of them
    called = [columns[key], *(column for column in columns if not any(_NUMBER.search(cell) for cell in column))]
    own = [set(terms(cell, language)) for column in called for cell in column]
    shared = [set[str].intersection(*(set(terms(cell, language)) for cell in column)) for column in called]
    if any(words and words <= wanted for words in own[: len(columns[key])]):
        return True
    return bool(wanted & (set[str]().union(*own) - set[str]().union(*shared)))


def _one_by_one(question: str, name: str) -> bool:
    """Whether the question asks for the values per what the column is called."""
    return any(re.search(rf"\b(?:per|by|pro|je|par|por)\s+{re.escape(word)}", question, re.IGNORECASE) for word in name.split())


def _column(question: str, header: Sequence[str], language: str) -> int | None:
    """The one column whose header the question speaks of most."""
    wanted = set(query_terms(question, [language]))
    held = [len(wanted & set(terms(name.replace("_", " "), language))) for name in header]
    best = max(held)
    return held.index(best) if best and held.count(best) == 1 else None


def _names(column: Sequence[str]) -> bool:
    """Whether a column holds names, not all the same, rather than bare values."""
    spelt = [cell for cell in column if any(map(str.isalpha, cell))]
    return 2 * len(spelt) > len(column) and len(set(column)) > 1


def _quantity(text: str) -> tuple[str, str] | None:
    """The first number with its unit, plural endings cut off."""
    found = next((match for match in _QUANTITY.finditer(text) if match[1] or match[3]), None)
    found = found or _QUANTITY.search(text)
    if found is None:
        return None
    unit = (found[1] or found[3] or "").casefold()
    return found[2], unit.rstrip("s") if len(unit) > 3 else unit


def _words(unit: Unit, passages: Sequence[Passage]) -> set[str]:
    language = passages[unit.passage].language
    return {word for word in terms(unit.text, language) if not word[0].isdigit()}


def _differ(one: Unit, other: Unit) -> bool:
    """Whether two sentences give another number of the same unit, below another heading or in a document on something else."""
    first, second = _quantity(one.text), _quantity(other.text)
    if first is None or second is None or first[1] != second[1] or first[0] == second[0]:
        return False
    return one.passage != other.passage or one.heading != other.heading


def _told_apart(group: Sequence[Unit], passages: Sequence[Passage]) -> tuple[str, ...]:
    """A label for each, by headings in one document or titles of several; () where these do not tell all apart."""
    if len(group) < 2:
        return ()
    here = {passages[unit.passage].document for unit in group}
    title: Callable[[Unit], str] = lambda unit: passages[unit.passage].title  # noqa: E731
    heading: Callable[[Unit], str] = lambda unit: unit.heading  # noqa: E731
    labels = [_label(heading(unit) if len(here) == 1 else title(unit)) for unit in group]
    own = [_letters(label) for label in labels]
    apart = all(one - other and other - one for at, one in enumerate(own) for other in own[at + 1 :])
    return tuple(labels) if apart else ()


def _letters(label: str) -> set[str]:
    """Its words without numbers: two editions of one document are no two readings."""
    return {word.casefold() for word in re.findall(r"[^\W\d_]+", label)}


def _names_one(question: str, labels: Sequence[str], language: str) -> bool:
    """Whether the question says a word that only some of the labels have."""
    wanted = set(query_terms(question, [language]))
    own = [set(terms(label, language)) for label in labels]
    shared = set[str].intersection(*own)
    return any(wanted & (words - shared) for words in own)
