"""Text in a document that gives orders to a model instead of telling a reader something.

No detector of this kind is reliable against somebody who knows it. It is a signal: suspected documents wait for a person.
"""

import base64
import binascii
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from firmground.types import Span

REASONS = {
    "instruction_override": "tells a model to drop its instructions",
    "instruction_role": "tells a model to be something else",
    "instruction_prompt": "asks a model for its hidden instructions",
    "instruction_address": "speaks to a model instead of a reader",
    "instruction_reply": "says what a reply must contain",
    "instruction_tag": "imitates the marks that separate speakers in a conversation with a model",
    "instruction_exfiltration": "would send what a model knows to another place",
    "instruction_hidden": "is hidden from readers",
    "instruction_encoded": "is encoded so that readers cannot see what it says",
}
"""Kind of span → why it was marked, to be read after "this passage"."""

_SUSPECTED = 0.8
_MENTIONED = 0.4
"""Factor for text in quotation marks or code, or close to words about such attacks: it is talked about, not said."""


class _Signal(NamedTuple):
    kind: str
    score: float
    needs: tuple[str, ...]
    """One of these must occur in the lower-cased text; spares the costlier pattern."""
    pattern: re.Pattern[str]


def _signal(kind: str, score: float, needs: str, *patterns: str) -> _Signal:
    pattern = "|".join(patterns)
    for endless, bounded in _BOUNDED:
        pattern = pattern.replace(endless, bounded)
    return _Signal(f"instruction_{kind}", score, tuple(needs.split("|")), re.compile(pattern, re.IGNORECASE))


_BOUNDED = ((r"\s+", r"\s{1,9}"), (r"\s*", r"\s{0,9}"), (r"[\s,]+", r"[\s,]{1,9}"), (r"\w+", r"\w{1,40}"), (r"\w*", r"\w{0,40}"))
"""Hostile text must not make matching slow: every repetition has an end."""
_GAP = r"[^.!?\n]{0,40}?"
_WORDS_EN = r"(?:\w+[\s,]+){0,4}?"
_MODEL = (
    r"(?:ais?\b|a\.i\.|(?:large\s+)?language\s+models?|llms?\b|(?:ai|virtual|helpful|digital)[\s-]+(?:assistants?|"
    r"agents?|models?|systems?)|chat\s?bots?|chat\s?gpt|gpt(?:-\d)?|"
    r"ki[\s-]?(?:assistent\w*|modell\w*|systeme?)?\b|sprachmodelle?\b|modèles?\s+de\s+langage|"
    r"modelos?\s+de\s+lenguaje|assistant\s+ia|asistente\s+de\s+ia)"
)
_ROLE = (
    r"(?:assistant|ai|bot|chatbot|model|dan|gpt|hacker|interpreter|terminal|translator|linux|expert|persona|"
    r"character|agent|machine|simulator|"
    r"evil|unrestricted|uncensored|jailbroken|unfiltered|assistent|übersetzer|ki|experte?|rolle|assistente|"
    r"traducteur|asistente|traductor|experto)"
)

_SIGNALS = (
    _signal(
        "override",
        0.9,
        "ignor|disregard|forget|override|bypass|neglect|dismiss",
        rf"\b(?:ignore|disregard|forget|override|bypass|neglect|dismiss)\s+{_WORDS_EN}(?:previous|prior|above|preceding|"
        rf"earlier|foregoing|former|past|existing|original|initial|"
        rf"system|your|all\s+(?:the\s+|other\s+)?|any)\s*{_WORDS_EN}(?:instructions?|prompts?|directives?|guidelines|"
        rf"rules|commands?|directions|programming|context|training|orders|assignments|tasks)\b",
        r"\b(?:forget|ignore|disregard|dismiss|erase)\s+(?:about\s+)?(?:everything|all|anything|"
        r"what)\s+(?:\w+\s+){0,4}?(?:above|before|previously|earlier|so\s+far|until\s+now|told|said|know)\b",
        r"\b(?:ignore|disregard|forget)\s+(?:the\s+|all\s+|everything\s+)?(?:above|previous|preceding)\s*(?:,|and\b)",
        r"\b(?:ignore|disregard|forget)\s+(?:everything|all)\s*(?:,|and)\s*(?:just|only|instead|say|print|output|write)\b",
        r"\bforget\s+(?:everything|all\s+that|what\s+i\s+said)\b(?!\s+(?:else|you\s+(?:have\s+)?learned))",
    ),
    _signal(
        "override",
        0.9,
        "not |don't |stop ",
        r"\b(?:do\s+not|don't|stop)\s+(?:follow|obey|adher|listen)\w*\s+(?:to\s+)?(?:\w+\s+){0,2}(?:previous|prior|"
        r"above|earlier|system|original)\s+(?:instructions|prompts?|rules|guidelines)",
    ),
    _signal(
        "override",
        0.9,
        "new instruction|new task|new system",
        r"(?:^|[.!?:\n*#>][ \t]{0,9})(?:your\s+)?new\s+(?:instructions?|task|system\s+prompt)(?:\s+(?:for\s+(?:you|"
        r"the\s+(?:assistant|ai|model)))|\s+override)\b",
    ),
    _signal(
        "override",
        0.9,
        "anweisung|instruktion|vorgabe|befehl|vergiss|vergessen|ignorier",
        rf"\b(?:ignorier\w*|vergiss|vergessen\s+sie|missacht\w*|übergeh\w*)\s+{_GAP}(?:bisherig|vorherig|obig|"
        rf"vorangegangen|vorangehend|früher|vorig|deine|ihre|alle|sämtlich)\w*\s+"
        rf"{_GAP}(?:anweisung|instruktion|vorgabe|regel|befehl|aufgabe|prompt|aufforderung|ausführung|richtlinie|information)",
        r"\b(?:ignorier\w*|vergiss|vergessen\s+sie)\s+(?:bitte\s+)?alles,?\s+(?:\w+\s+){0,3}?(?:davor|zuvor|vorher|"
        r"bisher\w*|oben|obige|gesagte?|war)\b",
        rf"\b(?:bisherig|vorherig|obig|vorangegangen|vorangehend)\w*\s+{_GAP}(?:anweisung|instruktion|vorgabe|regel|"
        rf"befehl|aufgabe|ausführung)\w*\s+{_GAP}"
        r"(?:ignorieren|vergessen|missachten|zu\s+streichen|streichen)",
    ),
    _signal(
        "override",
        0.9,
        "ignore|oubli|tiens|tenez",
        rf"\b(?:ignore[zr]?|oublie[zr]?|ne\s+(?:tiens|tenez)\s+pas\s+compte)\s+{_GAP}(?:instructions?|consignes?|"
        rf"directives?|règles?|ordres?)\s+{_GAP}"
        r"(?:précédent|antérieur|ci-dessus|reçu|ci-avant|initiale)\w*",
        r"\b(?:ignore[zr]?|oublie[zr]?)\s+(?:toutes\s+(?:les|tes|vos)|tes|vos)\s+(?:instructions?|consignes?|directives?|règles)",
        r"\b(?:ignore[zr]?|oublie[zr]?)\s+tout\s+ce\s+qui\s+(?:précède|a\s+été\s+dit)",
    ),
    _signal(
        "override",
        0.9,
        "ignor|olvid|descart|dimentic|vergeet|negeer|esque",
        rf"\b(?:ignor[ae]\w*|olvid[ae]\w*|descart[ae]\w*|esque[çc]\w*|dimentica\w*)\s+{_GAP}(?:instrucciones|"
        rf"indicaciones|órdenes|reglas|instruções|istruzioni|regole)\s+{_GAP}"
        r"(?:anterior|previa|arriba|acima|precedent)\w*",
        r"\b(?:ignor[ae]|olvid[ae]|dimentica|esque[çc]a)\s+(?:todas\s+(?:las|tus|sus|as)|tutte\s+le|tus|"
        r"sus)\s+(?:instrucciones|reglas|instruções|istruzioni)",
        r"\b(?:ignor[ae]r?|olvid[ae]r?)\s+todo\s+(?:lo\s+)?(?:anterior|dicho|que\s+(?:\w+\s+)?(?:sabes|digo|dije|"
        r"he\s+dicho|te\s+han\s+dicho))",
        r"\b(?:negeer|vergeet)\s+(?:alle\s+)?(?:vorige|eerdere|bovenstaande|voorgaande)\s+(?:instructies|opdrachten|regels)",
    ),
    _signal(
        "override",
        0.5,
        "previous|prior|above|preceding|new instr|neue anw|abweichend",
        r"\b(?:all|any)\s+(?:previous|prior|above|preceding)\s+(?:information|instructions|tasks|"
        r"messages)\b[^.!?\n]{0,60}\b(?:irrelevant|void|cancel\w*|deleted|forgotten)\b",
        r"\b(?:now\s+)?new\s+instructions\s+follow\b|\bfolgen\s+neue\s+anweisungen\b|\babweichend\s+(?:zu|"
        r"von)\s+(?:vorherigen|bisherigen)\s+(?:instruktionen|anweisungen)\b",
    ),
    _signal(
        "role",
        0.5,
        "now you are|bist du|imagine|role-play|roleplay|role play|break character",
        r"(?:^|[.!?:\n][ \t]{0,9})(?:okay[.,]?\s+)?now\s+you\s+are\s+(?:an?\s+\w+|[A-Z]\w+)|\b(?:jetzt|"
        r"nun)\s+bist\s+du\b|\bimagine\s+(?:that\s+)?you\s+are\b",
        r"\byou\s+are\s+(?:now\s+)?role-?\s?playing\b|\bdo(?:es)?\s+not\s+break\s+character\b|\byou\s+never\s+break\s+character\b",
    ),
    _signal(
        "role",
        0.85,
        "i want you|ich möchte|quiero que|je veux",
        r"\bi\s+want\s+you\s+to\s+(?:act|behave|respond|pretend|play)\b",
        r"\bich\s+möchte,\s+dass\s+(?:sie|du)\s+(?:\w+\s+){0,2}als\b[^.!?\n]{0,80}\b(?:fungier\w+|auftre\w+|agier\w+|verh\w+)",
        r"\b(?:quiero\s+que\s+actúes|je\s+veux\s+que\s+tu\s+agisses)\b",
    ),
    _signal(
        "role",
        0.85,
        "you are|from now|act as|behave as|respond as|answer as|pretend| mode",
        rf"\byou\s+are\s+(?:now|no\s+longer|from\s+now\s+on)\s+(?:(?:a|an|my|the|in)\s+)?(?:\w+\s+){{0,3}}?{_ROLE}\b",
        r"\bfrom\s+now\s+on,?\s+you\s+(?:are|will\s+(?:act|be|behave|respond|answer|reply|only)|must\s+(?:act|answer|"
        r"respond|reply|obey))\b",
        rf"(?:^|[.!?:\n*#>\"][ \t]{0, 9})(?:please\s+|now\s+)?(?:act|behave|respond|answer)\s+as\s+(?:if\s+you\s+(?:are|"
        rf"were)\s+|though\s+you\s+(?:are|were)\s+)?(?:an?|my|the)\s+(?:\w+\s+){{0,3}}?{_ROLE}\b",
        rf"\bpretend\s+(?:to\s+be|(?:that\s+)?you\s+(?:are|can|have|were))\s+(?:an?\s+|"
        rf"the\s+)?(?:\w+\s+){{0,3}}?(?:{_ROLE}|access|no\s+(?:rules|restrictions))\b",
        r"\b(?:developer|dan|god|jailbreak|unrestricted)\s+mode\s+(?:enabled|activated|on\b)",
    ),
    _signal(
        "role",
        0.85,
        "du bist|sie sind|verhalte dich|fungiere|antworte|tu es|vous êtes|ahora eres|agis comme|actúa como",
        rf"\b(?:du\s+bist|sie\s+sind)\s+(?:jetzt|nun|ab\s+(?:jetzt|sofort))\s+(?:(?:ein|eine|mein|der|"
        rf"die)\s+)?(?:\w+\s+){{0,3}}?{_ROLE}\w*",
        rf"\b(?:verhalte\s+dich|antworte|fungiere)\s+(?:ab\s+jetzt\s+|nun\s+)?(?:wie|als)\s+(?:ein|eine|"
        rf"mein)\s+(?:\w+\s+){{0,3}}?{_ROLE}\w*",
        rf"\b(?:tu\s+es|vous\s+êtes)\s+(?:maintenant|désormais)\s+(?:un|une|mon|le|la)\s+(?:\w+\s+){{0,3}}?{_ROLE}\w*",
        rf"\b(?:ahora\s+eres|agis\s+comme|actúa\s+como)\s+(?:un|una|mi|el|la)\s+(?:\w+\s+){{0,3}}?{_ROLE}\w*",
    ),
    _signal(
        "prompt",
        0.9,
        "prompt|instruction|anweisung|instruktion|instruccion",
        r"\b(?:what|was)\s+(?:was|is|steht|stand)\s+(?:written|said)?\s*[^.?!\n]{0,40}\b(?:this|your|diesem|deinem)\s+prompt\b",
        r"\b(?:reveal|show|print|repeat|output|display|leak|disclose|dump|recite|give|tell)\s+(?:me\s+|"
        r"us\s+)?(?:\w+\s+){0,3}?(?:system\s+prompts?|prompt\s+texts?|hidden\s+(?:instructions|prompts?)|"
        r"your\s+(?:\w+\s+)?(?:prompts?|instructions|initial\s+instructions)|initial\s+prompts?)\b",
        r"\b(?:zeig\w*|gib|nenne|verrate|wiederhole|drucke)\s+(?:mir\s+|uns\s+)?(?:\w+\s+){0,3}?(?:system-?prompts?|"
        r"prompt-?text\w*|deine\s+(?:\w+\s+)?(?:anweisungen|instruktionen))\b",
        r"\b(?:montre|affiche|répète|révèle|muestra|revela|repite)\w*[\s-]+(?:\w+\s+){0,3}?(?:prompt|(?:tes|vos|tus|"
        r"sus)\s+(?:instructions|instrucciones))",
    ),
    _signal(
        "address",
        0.85,
        "ai|llm|gpt|a.i.|model|modèle|assist|asist|ki-|ki |bot",
        rf"\b(?:if|when)\s+you(?:'re|\s+are)\s+(?:an?\s+)?{_MODEL}",
        rf"\b(?:attention|note|instructions?|message|hey|hello|dear|notice|important)[\s,:]+(?:(?:to|for|all|any|the)\s+){{0,3}}"
        rf"{_MODEL}(?:[^.!?\n]{{0,30}})[:,!]",
        rf"\b{_MODEL}\s+(?:that\s+(?:is|are)\s+)?(?:reading|processing|summari[sz]ing|parsing|indexing)\s+this\b",
        rf"\b(?:wenn|falls)\s+du\s+(?:ein|eine)\s+{_MODEL}",
        rf"\b(?:si\s+(?:tu\s+es|vous\s+êtes)\s+(?:un|une)|si\s+eres\s+(?:un|una))\s+{_MODEL}",
        rf"(?:^|\n|<!--)[ \t]{0, 9}{_MODEL}\s*[:,]\s*(?:please\s+|you\s+(?:must|should)\s+|do\s+not\s+|always\s+|"
        rf"never\s+|ignore|say|tell|respond|answer|recommend|include|bitte\s+)",
    ),
    _signal(
        "reply",
        0.5,
        "reply|response|answer|output|summary",
        r"(?:^|[.!?:\n*#>\"][ \t]{0,9})(?:please\s+|also\s+|always\s+|make\s+sure\s+to\s+|ensure\s+(?:you\s+|to\s+)?|"
        r"be\s+sure\s+to\s+|don't\s+forget\s+to\s+|remember\s+to\s+|you\s+(?:must|should)\s+)?"
        r"(?:add|include|insert|append|embed|integrate|introduce|incorporate|mention|place|put|weave|augment|modify|"
        r"begin|start|end|finish|conclude|close|write|translate|encode|convert|replace|use|"
        r"combine|omit|limit|craft|infuse|present|give|provide|offer|reverse|shuffle|substitute|misspell|remove|change|"
        r"transform)\b[^.!?\n]{0,160}?\b(?:in|into|to|with|within|of|from|for|at|throughout)?\s*"
        r"\b(?:your|the)\s+(?:\w+\s+)?(?:reply|response|answer|output|summary)\b",
    ),
    _signal(
        "reply",
        0.5,
        "output|nothing else|instead| only|only |exclusively|solely|always",
        r"\b(?:respond|reply|answer)\s+(?:only|exclusively|solely|always)\s+(?:with|in|by|as)\b",
        r"\b(?:just|only|simply)\s+output\b",
        r"\b(?:say|output|print|write)\s+(?:exactly\s+)?[\"'“][^\"'”\n]{1,80}[\"'”]\s+(?:and\s+)?(?:nothing\s+else|instead|only)\b",
    ),
    _signal(
        "tag",
        0.85,
        "im_|[inst|inst]|sys>>|##|system|endoftext",
        r"<\|(?:im_start|im_end|system|user|assistant|endoftext|begin_of_text|start_header_id|eot_id)\|>",
        r"\[/?INST\]|<</?SYS>>",
        r"(?:^|\n)[ \t]{0,9}#{2,}\s*(?:system|instruction|system\s+prompt)\s*:",
        r"(?:^|\n)[ \t]{0,9}</?(?:system|system_prompt|system-prompt)>\s*(?=\S)",
        r"(?:^|\n)[ \t]{0,9}\[?system\]?\s*:\s*(?:you\s+(?:are|must|will)|ignore|new\s+instructions?)\b",
    ),
    _signal(
        "exfiltration",
        0.9,
        "http",
        r"!\[[^\]\n]{0,200}\]\(\s*https?://[^\s)]{1,200}[?&/=](?:[^\s)]{0,80})?(?:\{[^}\s]{1,40}\}|\[[^\]\s]{1,40}\]|<[^>\s]{1,40}>|\$[A-Z_]{2,40})",
        r"\b(?:send|post|transmit|forward|upload|submit|leak|exfiltrate)\s+(?:\w+\s+){0,4}?(?:conversation|"
        r"chat\s+history|(?:the\s+)?user'?s?\s+(?:data|messages?|questions?|input)|api\s+keys?|secrets|credentials|"
        r"passwords|context|previous\s+messages)[^.!?\n]{0,60}?\bto\s+(?:the\s+)?(?:url\s+)?https?://",
        r"\b(?:append|encode|add)\s+(?:\w+\s+){0,5}?(?:conversation|context|answer|secrets?|data|"
        r"question)\s+[^.!?\n]{0,40}?(?:to|in|as)\s+(?:the\s+|a\s+)?(?:url|query|link|image|"
        r"parameter)[^.!?\n]{0,40}?https?://",
    ),
)
_NEGATED = re.compile(
    r"\b(?:do\s+not|don't|never|must\s+not|may\s+not|should\s+not|cannot|nicht|nie|kein\w*|ne|jamais|nunca|no)\s+(?:\w+\s+)?$",
    re.IGNORECASE,
)
_NARRATED = re.compile(
    r"prompt[\s-]+injection|jail\s?break|injection\s+attack|adversarial|attackers?\b|red[\s-]team|"
    r"phrases?\s+(?:like|such\s+as)|\b(?:tells?|told|tricks?|instructs?)\s+(?:the|a|an)\s+(?:model|ai|llm|assistant|"
    r"chatbot)",
    re.IGNORECASE,
)
_OPENING_QUOTES = re.compile(r"[\"“„«‘`'][^\"“”„«»`\n]{0,60}$")
_CLOSING_QUOTES = re.compile(r"^[^\"“”„«»`\n]{0,200}[\"”“»’`']")
_FENCE = re.compile(r"^ {0,3}(```|~~~).*?(?:^ {0,3}\1|\Z)", re.MULTILINE | re.DOTALL)
_TAGS = re.compile("(?<![\U0001f3f4\U000e0020-\U000e007e])[\U000e0020-\U000e007e]{4,}")
_UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u00ad\U000e0000-\U000e007f]")
_UNSEEN_RUN = re.compile("[\u200b\u200c\u200d\u2060-\u2064\ufeff]{16,}")
_SPACED = re.compile(r"(?<!\S)(?:[^\W\d_] ){11,200}[^\W\d_](?!\S)")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{32,4000}={0,2}(?![A-Za-z0-9+/_=-])")


class _Stretches:
    """Stretches of a text that do not overlap; a hostile text has a hundred thousand of them."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, start: int, end: int) -> None:
        at = bisect_left(self._starts, start)
        self._starts.insert(at, start)
        self._ends.insert(at, end)

    def meet(self, start: int, end: int) -> bool:
        at = bisect_left(self._starts, end)
        return at > 0 and self._ends[at - 1] > start


def instructions(text: str) -> list[Span]:
    """The passages of `text` that speak to a model, in order; `kind` is a key of REASONS, `score` between 0 and 1.

    Passages that are quoted, shown as code, or part of an explanation of such attacks score low.
    """
    found = [*_visible(text), *_hidden(text), *_encoded(text)]
    best: list[Span] = []
    taken: defaultdict[str, _Stretches] = defaultdict(_Stretches)
    for span in sorted(found, key=lambda span: (-span.score, span.start, span.end, span.kind)):
        if not taken[span.kind].meet(span.start, span.end):
            taken[span.kind].add(span.start, span.end)
            best.append(span)
    return sorted(best, key=lambda span: (span.start, span.end, span.kind))


def suspected(spans: Sequence[Span]) -> bool:
    """Whether a document with these spans should wait for a person: one strong sign, or weak signs of two kinds."""
    strongest: dict[str, float] = {}
    for span in spans:
        if span.kind in REASONS:
            strongest[span.kind] = max(strongest.get(span.kind, 0.0), span.score)
    if any(score >= _SUSPECTED for score in strongest.values()):
        return True
    return sum(score for score in strongest.values() if score >= _MENTIONED + 0.05) >= 1.0


def _visible(text: str) -> Iterator[Span]:
    """Signals in the text without invisible signs, at their place in the text with them."""
    clean, place = _without_unseen(text)
    fences = _Stretches()
    for fence in _FENCE.finditer(clean):
        fences.add(fence.start(), fence.end())
    for signal, match in _matches(clean):
        start, end = match.start(), match.end()
        while start < end and not clean[start].isalnum() and signal.kind not in {"instruction_tag", "instruction_exfiltration"}:
            start += 1
        if _NEGATED.search(clean, max(0, start - 30), start):
            continue
        coded = fences.meet(start, start + 1)
        score = signal.score * _MENTIONED if coded or _mentioned(clean, start, end) else signal.score
        yield Span(kind=signal.kind, start=place(start), end=place(end - 1) + 1, score=round(score, 2))


def _matches(text: str) -> Iterator[tuple[_Signal, re.Match[str]]]:
    lowered = text.lower()
    for signal in _SIGNALS:
        if any(stem in lowered for stem in signal.needs):
            for match in signal.pattern.finditer(text):
                yield signal, match


def _mentioned(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - 62) : start], text[end : end + 202]
    if _OPENING_QUOTES.search(before) and _CLOSING_QUOTES.search(after):
        return True
    line = max(start - 200, text.rfind("\n", max(0, start - 200), start) + 1)
    stop = text.find("\n", end, end + 100)
    return bool(_NARRATED.search(text, line, min(end + 100, stop if stop >= 0 else len(text))))


def _hidden(text: str) -> Iterator[Span]:
    for run in _TAGS.finditer(text):
        yield Span(kind="instruction_hidden", start=run.start(), end=run.end(), score=0.95)
    for run in _UNSEEN_RUN.finditer(text):
        yield Span(kind="instruction_hidden", start=run.start(), end=run.end(), score=0.6)
    for run in _SPACED.finditer(text):
        yield Span(kind="instruction_hidden", start=run.start(), end=run.end(), score=0.5)
    for start, end in _comments(text):
        if any(
            signal.score >= _SUSPECTED or signal.kind == "instruction_reply" for signal, _ in _matches(text[start + 4 : end - 3])
        ):
            yield Span(kind="instruction_hidden", start=start, end=end, score=0.95)


def _comments(text: str) -> Iterator[tuple[int, int]]:
    start = text.find("<!--")
    while start >= 0:
        end = text.find("-->", start + 4)
        if end < 0:
            return
        yield start, end + 3
        start = text.find("<!--", end + 3)


def _encoded(text: str) -> Iterator[Span]:
    for blob in _BASE64.finditer(text):
        try:
            raw = base64.b64decode(blob[0].translate({45: 43, 95: 47}) + "=" * (-len(blob[0]) % 4))
            decoded = raw.decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            continue
        if any(signal.score >= _SUSPECTED for signal, _ in _matches(decoded)):
            yield Span(kind="instruction_encoded", start=blob.start(), end=blob.end(), score=0.95)


def _without_unseen(text: str) -> tuple[str, Callable[[int], int]]:
    """The text without invisible signs, and a function from its offsets to those of the original."""
    if text.isascii() or not _UNSEEN.search(text):
        return text, lambda at: at
    kept = [at for at, sign in enumerate(text) if not _UNSEEN.match(sign)]
    return "".join(text[at] for at in kept), lambda at: kept[at]
