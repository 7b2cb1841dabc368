"""Names of persons, as far as given names, the words around them, tables and mailboxes show them: more takes a trained model."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice

from firmground.guard.personal.given import BESIDE_ANOTHER, GIVEN, NO_PERSON, PLACES_BEFORE
from firmground.guard.personal.reading import Found, Reading
from firmground.guard.personal.small import small_names

_CAPITAL = r"[^\W\d_a-zß-öø-ÿ]"
WORD = rf"{_CAPITAL}[^\W\d_]{{1,30}}(?:['’-]{_CAPITAL}?[^\W\d_]{{1,30}})?"
"""One with a capital letter."""
PARTICLE = r"(?:van|von|der|den|de|del|della|di|da|dos|du|la|le|el|al|bin|ibn|ten|ter|zu|y|e|O['’]|Mac|Mc)"
"""A small word within a name."""
_MORE = rf"(?:[ ]{PARTICLE}){{0,2}}[ ](?:{WORD}|{_CAPITAL}\.?(?!\w))"
_NAME = rf"(?:{WORD}|{_CAPITAL}\.)(?:{_MORE}){{0,3}}"
_WHOLE = rf"(?:{WORD}|{_CAPITAL}\.)(?:{_MORE}){{1,3}}"
_RUN = re.compile(rf"(?<![\w@/\\.#-]){WORD}(?:{_MORE}){{0,4}}(?![\w@]|-\w|\.\w)")
_ONE, _WHOLE_ONE = re.compile(_NAME), re.compile(_WHOLE)
_WORDS = re.compile(r"\S+")
_PIECES = re.compile(r"[\s'’-]+")
_OWNS = re.compile(r"['’]s\Z")
_LAST_WORD = re.compile(r"(?<!\w)(\w{1,10}+)\W{1,2}$")

_TITLED = re.compile(
    r"(?<!\w)(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Sir|Dame|Herrn?|Frau|Fräulein|Monsieur|Madame|Mademoiselle|Mme|Mlle|Señora?|Sra?"
    r"|Signora?|Sig|Dott|Dhr|Mevrouw|Mw|Pan|Pani|Doña|Don|(?:mr|mrs|ms|dr)(?=\.))"
    rf"\.?(?: (?:Dr|Prof|Ing|Dipl|med|rer|nat|phil)\.){{0,4}} (?P<value>(?:{PARTICLE} ){{0,2}}{_NAME})"
)
_OWN_LABEL = (
    r"(?:first|last|given|family|maiden|middle|full|legal|your|customer|patient|employee|applicant|contact|user['’]?s?)[ -]?name"
    r"|surname|(?:vor|nach|familien|geburts)name|nom de (?:famille|naissance)|prénoms?|apellidos?|cognome|(?:achter|voor)naam"
    r"|sobrenome|apelido"
)
_LABEL = (
    r"name|nom|nombre|nome|naam|signed(?: by)?|(?:prepared|written|reviewed|approved|requested|reported|submitted|issued|created|led)"
    r" by|contact(?: person)?|ansprechpartner(?:in)?|attn|attention|authors?|patient(?:in)?|employee|supervisor|(?:line )?manager|owner"
    r"|reviewer|approver|assignee|reporter|interviewer|candidate|applicant|billing address|(?:sach)?bearbeiter(?:in)?|verfasser(?:in)?"
    r"|autor(?:in|a)?|mitarbeiter(?:in)?|unterzeichnet(?: von)?|(?:erstellt|geprüft|freigegeben|genehmigt) von|auteure?|signé(?: par)?"
    r"|(?:rédigé|approuvé|établi|validé) par|salariée?|employée?|firmado(?: por)?|(?:aprobado|elaborado|revisado) por|empleado"
    r"|firmato(?: da)?|(?:redatto|approvato) da|dipendente|paziente|ondertekend(?: door)?|medewerker|assinado(?: por)?|funcionári[oa]"
)
_LABELLED = re.compile(rf"(?<![\w-])(?i:{_OWN_LABEL})[ ]?[:=|][ \t|*_]{{0,4}}(?P<value>{_NAME})")
_PERHAPS_LABELLED = re.compile(rf"(?<![\w-])(?i:{_LABEL})[ ]?[:=][ \t*_]{{0,4}}(?P<value>{_WHOLE})(?![ ]?[\w@])")
_SAID = re.compile(
    r"(?<!\w)(?i:(?:my|his|her|their|your|maiden|last|first|middle|family|given) name(?: is|['’]s)|i am called|people call me"
    r"|mein name ist|(?:ich heiße|er heißt|sie heißt)|geborene|je m['’]appelle|mon nom est|née?|me llamo|se llama|mi nombre es|mi chiamo"
    rf"|mijn naam is|ik heet|o meu nome é|chamo-me|hello,? this is|hi,? this is) (?P<value>{_NAME})"
)
_CALLED = re.compile(rf"(?<!\w)(?i:i['’]m|i am|name on the account is|je suis|soy|sono) (?P<value>{_WHOLE})")
_GREETED = re.compile(
    r"(?<!\w)(?:Dear|Hi|Hello|Liebe|Lieber|Hallo|Cher|Chère|Bonjour|Querid[oa]|Estimad[oa]|Hola|Gentile|Ciao|Beste|Olá)"
    rf" (?!(?:Sir|Madam|Customer|All|Alle|Team|Colleagues?|Friends?|Everyone|Reader|There|World|Welt|Tous|Todos|Tutti)\b)"
    rf"(?P<value>{_NAME})(?=\s{{0,2}}[,!:]|\n)"
)
_CLOSED = re.compile(
    r"(?:(?:Best|Kind|Warm|Many)? ?[Rr]egards|[Ss]incerely(?: yours)?|[Yy]ours (?:sincerely|faithfully|truly)|Best wishes"
    r"|(?:Mit freundlichen|Viele|Beste|Liebe|Herzliche) Grüßen?"
    rf"|(?:Bien )?[Cc]ordialement|Atentamente|(?:Un )?[Ss]aludos?|Cordiali saluti|Atenciosamente"
    rf"|Met vriendelijke groet(?:en)?),?[ \t]{{0,4}}\n\s{{0,8}}(?P<value>{_NAME})[ \t]{{0,4}}(?=\n|$)"
)
_CUES = (
    (_TITLED, 0.7),
    (_SAID, 0.6),
    (_CALLED, 0.5),
    (_GREETED, 0.6),
    (_CLOSED, 0.6),
    (_LABELLED, 0.5),
    (_PERHAPS_LABELLED, 0.5),
)
_NO_NAME = re.compile(
    r"(?:Order|Number|Date|Address|Phone|Email|E-Mail|Company|Team|Department|Product|File|Server|Domain|Host|The|This|That|It"
    r"|Is|Not|None|True|False|Null|Your|My|Type|Value|Mr|Mrs|Ms|Miss|Dr|Prof|A|An|In|On|At|Our|We|I|You|He|She|They|No|All|Any|Every|New"
    r"|Title|Field|Name|First|Last|President|Minister|Please|See|Use|Yes|And|Or|If|For|Der|Die|Das|Le|La|Les|El|Los|Il|Lo"
    r"|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January|February|March|April|June|July|August|September|October|November"
    r"|December|General|Federal|National|Human|Office|Chief|Senior|Board|Head|Director|Manager|Support|Sales|Service|Customer|Legal|Finance)$"
)

_MAILBOX = re.compile(r"(?<![\w.+%-])(?P<local>[^\W_][\w.+-]{2,63}+)@[^\W_]")
_PARTS = re.compile(r"[._+\d-]+")
_NEAR = 80
_RULE = re.compile(r"^\|(?:[ \t]{0,3}:?-{3,200}:?[ \t]{0,3}\|){1,200}[ \t]{0,3}$", re.MULTILINE)
_CELL = re.compile(r"(?<=\|)(?:\\\||[^|\n])*")
_NAMES_IN_COLUMN = re.compile(rf"(?:{_OWN_LABEL})$", re.IGNORECASE)
_PERHAPS_IN_COLUMN = re.compile(rf"(?:{_LABEL}|kontakt|mitarbeitende|equipo|staff|person|people)$", re.IGNORECASE)
_WITHIN = ("Mc", "Mac", "De", "Di", "La", "Le", "Van", "Von", "Fitz")
"""Beginnings of names with a capital letter in the middle."""
_ABBREVIATED = 3
_MOST_COLUMNS = 20
_WORTH_REPEATING = 4
_MOST_REPEATED = 200


def names(reading: Reading) -> Iterator[Found]:
    """Those that something shows, and where else their parts stand in the same text."""
    text = reading.text
    found = [*_cued(text), *_given(text), *_of_mailboxes(text), *_in_tables(text)]
    found = [each._replace(end=each.end - 2) if _OWNS.search(text, each.start, each.end) else each for each in found]
    yield from found
    yield from _again(text, found)
    yield from small_names(reading)


def _cued(text: str) -> Iterator[Found]:
    for pattern, score in _CUES:
        for match in pattern.finditer(text):
            words = match["value"].split()
            unsure = pattern is not _TITLED and not _is_written_so(match["value"])
            if not (unsure or _NO_NAME.match(words[0]) or _of_no_person(words)):
                yield Found("name", score, *match.span("value"))


def _given(text: str) -> Iterator[Found]:
    """A given name with what follows it, and where it can be nothing else, alone."""
    for run in _RUN.finditer(text):
        words = list(_WORDS.finditer(run[0]))
        at = next((at for at, word in enumerate(words) if _even(word[0]) in BESIDE_ANOTHER), None)
        if at is None:
            continue
        start, name = run.start() + words[at].start(), words[at:]
        owning = next((word for word in name if _OWNS.search(word[0])), None)
        name = [word for word in name if owning is None or word.start() <= owning.start()]
        before = _LAST_WORD.search(text, max(0, start - 12), start)
        if _of_no_person([word[0] for word in name]) or (before and _even(before[1]) in PLACES_BEFORE):
            continue
        if len(name) > 1 or name[0][0] in _SURE:
            yield Found("name", 0.6 if len(name) > 1 else 0.5, start, run.start() + name[-1].end())


_SURE = frozenset(name.title() for name in GIVEN)


def _of_mailboxes(text: str) -> Iterator[Found]:
    """Names beside a mailbox that is called so."""
    for mailbox in _MAILBOX.finditer(text) if "@" in text else ():
        local = {*_PARTS.split(_even(mailbox["local"]))}
        for near in _WHOLE_ONE.finditer(text, max(0, mailbox.start() - _NEAR), min(len(text), mailbox.end() + _NEAR)):
            words = list(_WORDS.finditer(near[0]))
            at = next((at for at, word in enumerate(words[:-1]) if _calls(local, _even(word[0]), _even(words[-1][0]))), None)
            if at is not None and _is_written_so(name := near[0][words[at].start() :]) and not _of_no_person(name.split()):
                yield Found("name", 0.7, near.start() + words[at].start(), near.end())


def _calls(local: set[str], first: str, last: str) -> bool:
    """Whether parts of the name of a mailbox are these two, or an initial and the other."""
    joined = {first + last, first[0] + last, first + last[0], last + first[0]}
    return bool(joined & local) or {first, last} <= local or {first[0], last} <= local


def _in_tables(text: str) -> Iterator[Found]:
    """Cells of pipe tables, in columns whose head says that they hold names; where it may say something else, if names are among them."""
    for rule in _RULE.finditer(text) if "|" in text else ():
        above = text.rfind("\n", 0, max(0, rule.start() - 1)) + 1
        heads = [cell[0].strip(" \t*_") for cell in _CELL.finditer(text, above, rule.start())]
        for at, head in enumerate(heads[:_MOST_COLUMNS]):
            sure = _NAMES_IN_COLUMN.match(head)
            if not sure and not _PERHAPS_IN_COLUMN.match(head):
                continue
            form = _ONE if sure else _WHOLE_ONE
            cells = [cell for cell in _column(text, rule.end() + 1, at) if _is_name(text[slice(*cell)], form)]
            given = sum(_even(text[slice(*cell)].split(maxsplit=1)[0]) in BESIDE_ANOTHER for cell in cells)
            if sure or given * 3 >= len(cells):
                yield from (Found("name", 0.6, *cell) for cell in cells)


def _column(text: str, start: int, at: int) -> Iterator[tuple[int, int]]:
    """Where what its cells hold begins and ends."""
    while text.startswith("|", start):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if cell := next(islice(_CELL.finditer(text, start, end), at, None), None):
            begin = cell.end() - len(cell[0].lstrip())
            yield begin, begin + len(cell[0].strip())
        start = end + 1


def _is_name(cell: str, form: re.Pattern[str]) -> bool:
    words = cell.split()
    return bool(form.fullmatch(cell)) and _is_written_so(cell) and not _NO_NAME.match(words[0]) and not _of_no_person(words)


def _again(text: str, found: list[Found]) -> Iterator[Found]:
    """Family names where they stand alone; what the text writes small as well, or is in, is something else."""
    whole = (text[each.start : each.end].split() for each in found if each.score > 0.5)
    last = {words[-1] for words in whole if len(words) > 1 and _even(words[0]) in GIVEN}
    sought = sorted(word for word in last if len(word) >= _WORTH_REPEATING and _even(word) not in NO_PERSON)[:_MOST_REPEATED]
    if not sought:
        return
    any_, small = "|".join(map(re.escape, sought)), "|".join(re.escape(word.lower()) for word in sought)
    other = {match[0] for match in re.finditer(rf"(?<!\w)(?:{small})(?!\w)", text)}
    other |= {match[1].lower() for match in re.finditer(rf"(?<!\w)(?:in|at|near|im|bei|à|en|a) ({any_})(?!\w)", text)}
    for match in re.finditer(rf"(?<![\w@./-])(?:{any_})(?![\w@-]| {_CAPITAL}\w)", text):
        if match[0].lower() not in other:
            yield Found("name", 0.45, *match.span())


def _is_written_so(name: str) -> bool:
    """Not as abbreviations and products are: letters in the middle are small."""
    words = _PIECES.split(name)
    if name.isupper():
        return min(map(len, words)) > _ABBREVIATED
    return all(word.startswith(_WITHIN) or not any(map(str.isupper, word[1:])) for word in words)


def _of_no_person(words: list[str]) -> bool:
    return any(_even(word) in NO_PERSON for word in words[1:])


def _even(word: str) -> str:
    plain = unicodedata.normalize("NFC", word).casefold().rstrip(".")
    return plain.removesuffix("'s").removesuffix("’s")
