"""What a model wrote, looked at before anybody sees it: nothing of its instructions, nothing that points, loads, runs or calls.

Whatever made the model write it, no sentence passes that holds a link which its passages do not hold, active mark-up, the syntax of a
call, or something encoded. Who says the canary or repeats the instructions is not listened to at all.
"""

import base64
import codecs
import re
import unicodedata
from collections.abc import Iterator, Sequence
from html import unescape
from typing import Literal, NamedTuple, TypeAlias

Leak: TypeAlias = Literal["", "canary", "prompt"]


class Fault(NamedTuple):
    """Why a sentence cannot be shown."""

    code: Literal["link", "markup", "leak"]
    detail: str


_RUN = 24
_STEP = 8
"""Letters and figures in a row that nobody writes twice by chance: of the instructions every eighth run is kept, so that whatever shares
31 with them shares one of these."""
_WORD = re.compile(r"[^\W_]+")
_THOUGHT = re.compile(
    r"<(?:think|thinking|thought|reasoning|analysis|reflection)>.*?(?:</(?:think|thinking|thought|reasoning|analysis|reflection)>|\Z)",
    re.IGNORECASE | re.DOTALL,
)

_RUNS_ALWAYS = re.compile(
    r"\b(?:javascript|vbscript|livescript)\s{0,3}:|\bdata\s{0,3}:\s{0,3}[a-z]{2,20}/[a-z0-9.+-]{1,60}\s{0,3}[;,]", re.IGNORECASE
)
_ADDRESS = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,20}:/{1,3}[^\s<>\"]{1,2000}|\b(?:www\.|mailto:|tel:|sms:)[^\s<>\"]{1,2000}", re.IGNORECASE
)
_TARGET = re.compile(
    r"\]\(\s{0,9}<?([^)\s>]{1,2000})|^(?:\s{0,9}(?:[>*+-]|\d{1,9}[.)])){0,5}\s{0,9}\[[^\]\n]{1,200}\]:\s{0,9}<?([^\s>]{1,2000})",
    re.MULTILINE,
)
_MAIL = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_ENDINGS = (
    "com|net|org|io|dev|ai|app|co|me|info|biz|xyz|site|online|top|shop|club|cloud|link|click|page|live|test|example|invalid|local|onion|"
    "eu|de|at|ch|fr|es|it|nl|be|pl|cz|se|no|fi|dk|uk|ie|pt|ru|ua|cn|jp|kr|in|br|mx|au|ca|us|tv|gg|ly|to|cc|ws|su|tk|ml|ga|cf|gq|zip|mov"
)
_HOST = re.compile(
    rf"(?<![\w@.-])(?:[^\W_](?:[\w-]{{0,61}}[^\W_])?\.){{1,8}}(?:(?:{_ENDINGS})(?![\w-])|[^\W\d_]{{2,24}}(?=[:/]\S))\S{{0,500}}",
    re.IGNORECASE,
)
_DOTS = str.maketrans(dict.fromkeys("\u3002\uff61\u2024\ufe52", "."))
_TRAILING = ".,;:!?…)]}>\"'”’»*_`"

_PICTURE = re.compile(r"!\[[^\]\n]{0,200}\]")
_TAG = re.compile(r"<\s{0,9}[/!?]?\s{0,9}([a-z][a-z0-9:-]{0,30}|--|\[cdata\[)([^<>]{0,2000})(>?)", re.IGNORECASE)
_ACTIVE = re.compile(
    "a|area|applet|audio|base|body|button|embed|form|frame|frameset|head|html|iframe|image|img|input|link|math|meta|object|picture|script|"
    "select|source|style|svg|template|textarea|track|video",
    re.IGNORECASE,
)
_LOADS = re.compile(
    r"\b(?:on[a-z]{3,20}|src|srcset|srcdoc|href|style|action|formaction|background|poster|data|xlink:href)\s{0,3}=", re.IGNORECASE
)

_TURN = re.compile(
    r"<\s?[|｜][^|｜<>\n]{1,40}[|｜]\s?>|\[/?(?:INST|SYS|TOOL_CALLS|TOOL_RESULTS|AVAILABLE_TOOLS)\]|<</?SYS>>", re.IGNORECASE
)
_CALL = re.compile(
    r"</?(?:tool_calls?|tool_use|function_calls?|function_results?|function|invoke|parameter)\b[^<>]{0,200}>?"
    r"|[\"']?\b(?:function_call|tool_calls?|tool_use|tool_call_id)[\"']?\s{0,3}[:=]\s{0,3}[\[{\"']"
    r"|[\"'](?:name|tool|function|action)[\"']\s{0,3}:\s{0,3}[\"'][^\"'\n]{1,80}[\"']\s{0,3},\s{0,3}[\"'](?:arguments|parameters|input|args|action_input)[\"']\s{0,3}:"
    r"|^\s{0,9}(?:system|assistant|developer|tool)\s{0,3}:",
    re.IGNORECASE | re.MULTILINE,
)
_BLOB = re.compile(
    r"[A-Za-z0-9+/_=-]{32,}+|(?:\b[0-9A-Fa-f]{2}[ :,]){16,}+|(?:%[0-9A-Fa-f]{2}){8,}+|(?:&#x?[0-9A-Fa-f]{1,7};){8,}+"
)


class Output:
    """What one request was told in confidence, to be compared with what comes back. `known` may be repeated: what others wrote."""

    def __init__(self, instructions: str, *, canary: str = "", fence: str = "", known: Sequence[str] = ()) -> None:
        self._canaries = frozenset(_forms(canary)) if canary else frozenset[str]()
        self._fence = fence.casefold()
        said = _squeezed(instructions)
        self._runs = frozenset(said[at : at + _RUN] for at in range(0, len(said) - _RUN + 1, _STEP))
        self._known = known
        self._heard = ""

    def hear(self, text: str) -> Leak:
        """What leaks with this text, which comes after what was heard before."""
        before = self._heard
        self._heard = (before + _squeezed(text))[-4000:]
        if self._says_canary(self._heard):
            return "canary"
        return "prompt" if self._repeats(text) else ""

    def says_canary(self, written: str) -> bool:
        """Whether the canary stands in all that a model wrote, in any form, but for what it only thought."""
        return self._says_canary(_squeezed(_THOUGHT.sub(" ", written)))

    def fault(self, text: str, evidence: str) -> Fault | None:
        """Why this sentence, which cites this evidence, cannot be shown."""
        if self._fence and self._fence in text.casefold():
            return Fault("leak", "it repeats marks of its instructions")
        found = next(_found(text, evidence.casefold()), None)
        if found is None and (plain := _plain(text)) != text:
            return next(_found(plain, _plain(evidence).casefold()), None)
        return found

    def _says_canary(self, squeezed: str) -> bool:
        return any(form in squeezed for form in self._canaries)

    def _repeats(self, text: str) -> bool:
        said = _squeezed(text)
        runs = {said[at : at + _RUN] for at in range(len(said) - _RUN + 1)} & self._runs
        if not runs:
            return False
        known = _squeezed("\n".join(self._known))
        return any(run not in known for run in runs)


def fault_of_person(text: str, evidence: str) -> Fault | None:
    """Why what a person wrote for readers cannot be shown to them: it loads something, points somewhere that its evidence does not, or
    speaks for another. Names of hosts, addresses of mail, and whatever else does nothing by itself is theirs to write."""
    for said, held in dict.fromkeys(((text, evidence), (_plain(text), _plain(evidence)))):
        if (found := next(_found(said, held.casefold(), of_person=True), None)) is not None:
            return found
    return None


def _plain(text: str) -> str:
    """As a page shows it and a browser reads an address: entities are signs, full-width letters are letters, other full stops are dots."""
    text = unescape(text) if "&" in text else text
    return text if text.isascii() else unicodedata.normalize("NFKC", text).translate(_DOTS)


def _found(text: str, held: str, *, of_person: bool = False) -> Iterator[Fault]:
    """What points, loads, runs, calls or is encoded. What the evidence, in small letters, holds as well may be said, if it does nothing.
    `of_person`: nobody is called or told in secret by what a person wrote, and only what a reader's program makes a link of points."""
    for pattern, why in ((_RUNS_ALWAYS, "an address that runs"), (_PICTURE, "a picture"), (_TURN, "a mark of another speaker")):
        if found := pattern.search(text):
            yield Fault("markup", f"it holds {why}: {_shown(found[0])}")
    for tag in _TAG.finditer(text):
        active = _ACTIVE.fullmatch(tag[1]) and (tag[2][:1] in " \t\n/>" or tag[3]) and bool(tag[3] or _LOADS.search(tag[2]))
        if active or _LOADS.search(tag[2]) or (not of_person and tag[3] and tag[0].casefold() not in held):
            yield Fault("markup", f"it holds mark-up: {_shown(tag[0])}")
    for address in _addresses(text, () if of_person else (_MAIL, _HOST)):
        if address.casefold() not in held:
            yield Fault("link", f"no passage it cites holds the address {_shown(address)}")
    if of_person:
        return
    for found in _CALL.finditer(text):
        if found[0].strip().casefold() not in held:
            yield Fault("markup", f"it holds a call: {_shown(found[0])}")
    for blob in _BLOB.finditer(text):
        if _is_encoded(blob[0]) and blob[0].strip(" :,=").casefold() not in held:
            yield Fault("markup", f"it holds something encoded: {_shown(blob[0])}")


def _addresses(text: str, more: Sequence[re.Pattern[str]]) -> Iterator[str]:
    for found in _TARGET.finditer(text):
        yield (found[1] or found[2]).rstrip(_TRAILING)
    for pattern in (_ADDRESS, *more):
        for found in pattern.finditer(text):
            yield re.split(r"\]\(|[)\]}>\"]", found[0])[0].rstrip(_TRAILING)


def _is_encoded(blob: str) -> bool:
    """A long word is none: letters of both sizes and figures mixed, or figures of base 16 only."""
    return any(map(str.isdigit, blob)) and any(map(str.isalpha, blob)) and "--" not in blob


def _shown(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= 60 else f"{plain[:57]}…"


def _squeezed(text: str) -> str:
    """Letters and figures alone, small."""
    return "".join(_WORD.findall(text.casefold()))


def _forms(canary: str) -> Iterator[str]:
    """The canary as it may be said, squeezed: as it is, backwards, moved by thirteen, as numbers, in base 64 and 32."""
    for plain in (canary, canary.upper(), canary[::-1], codecs.encode(canary, "rot13")):
        yield _squeezed(plain)
        octets = plain.encode()
        apart = octets.hex(" ")
        for before in ("", "x", "0x", "u00"):
            yield before + apart.replace(" ", before)
        yield "".join(map(str, octets))
        yield f"{int.from_bytes(octets, 'big'):0{8 * len(octets)}b}"
        for shift in range(3):
            # The letters that other bytes before and after it would change are left out.
            coded = base64.b64encode(b"\0" * shift + octets).decode().rstrip("=")
            yield _squeezed(coded[(shift * 8 + 5) // 6 : len(coded) - 1])
        yield _squeezed(base64.b32encode(octets).decode().rstrip("=")[:-1])
