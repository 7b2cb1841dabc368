"""How orders to a language model are worded, by kind: English, German, French, Spanish, Portuguese, Italian, Dutch, Chinese, Japanese and
Korean."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import cast

from firmground.guard.abroad import SIGNALS as _ABROAD
from firmground.guard.east import SIGNALS as _EAST
from firmground.guard.wording import GAP, Signal, signal

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

SIGNALS = (
    *_ABROAD,
    *_EAST,
    signal(
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
    signal(
        "override",
        0.9,
        "not |don't |stop ",
        r"\b(?:do\s+not|don't|stop)\s+(?:follow|obey|adher|listen)\w*\s+(?:to\s+)?(?:\w+\s+){0,2}(?:previous|prior|"
        r"above|earlier|system|original)\s+(?:instructions|prompts?|rules|guidelines)",
    ),
    signal(
        "override",
        0.9,
        "new instruction|new task|new system",
        r"(?:^|[.!?:\n*#>][ \t]{0,9})(?:your\s+)?new\s+(?:instructions?|task|system\s+prompt)(?:\s+(?:for\s+(?:you|"
        r"the\s+(?:assistant|ai|model)))|\s+override)\b",
    ),
    signal(
        "override",
        0.9,
        "anweisung|instruktion|vorgabe|befehl|vergiss|vergessen|ignorier",
        rf"\b(?:ignorier\w*|vergiss|vergessen\s+sie|missacht\w*|übergeh\w*)\s+{GAP}(?:bisherig|vorherig|obig|"
        rf"vorangegangen|vorangehend|früher|vorig|deine|ihre|alle|sämtlich)\w*\s+"
        rf"{GAP}(?:anweisung|instruktion|vorgabe|regel|befehl|aufgabe|prompt|aufforderung|ausführung|richtlinie|information)",
        r"\b(?:ignorier\w*|vergiss|vergessen\s+sie)\s+(?:bitte\s+)?alles,?\s+(?:\w+\s+){0,3}?(?:davor|zuvor|vorher|"
        r"bisher\w*|oben|obige|gesagte?|war)\b",
        rf"\b(?:bisherig|vorherig|obig|vorangegangen|vorangehend)\w*\s+{GAP}(?:anweisung|instruktion|vorgabe|regel|"
        rf"befehl|aufgabe|ausführung)\w*\s+{GAP}"
        r"(?:ignorieren|vergessen|missachten|zu\s+streichen|streichen)",
    ),
    signal(
        "override",
        0.9,
        "ignore|oubli|tiens|tenez",
        rf"\b(?:ignore[zr]?|oublie[zr]?|ne\s+(?:tiens|tenez)\s+pas\s+compte)\s+{GAP}(?:instructions?|consignes?|"
        rf"directives?|règles?|ordres?)\s+{GAP}"
        r"(?:précédent|antérieur|ci-dessus|reçu|ci-avant|initiale)\w*",
        r"\b(?:ignore[zr]?|oublie[zr]?)\s+(?:toutes\s+(?:les|tes|vos)|tes|vos)\s+(?:instructions?|consignes?|directives?|règles)",
        r"\b(?:ignore[zr]?|oublie[zr]?)\s+tout\s+ce\s+qui\s+(?:précède|a\s+été\s+dit)",
    ),
    signal(
        "override",
        0.9,
        "ignor|olvid|descart|dimentic|vergeet|negeer|esque",
        rf"\b(?:ignor[ae]\w*|olvid[ae]\w*|descart[ae]\w*|esque[çc]\w*|dimentica\w*)\s+{GAP}(?:instrucciones|"
        rf"indicaciones|órdenes|reglas|instruções|istruzioni|regole)\s+{GAP}"
        r"(?:anterior|previa|arriba|acima|precedent)\w*",
        r"\b(?:ignor[ae]|olvid[ae]|dimentica|esque[çc]a)\s+(?:todas\s+(?:las|tus|sus|as)|tutte\s+le|tus|"
        r"sus)\s+(?:instrucciones|reglas|instruções|istruzioni)",
        r"\b(?:ignor[ae]r?|olvid[ae]r?)\s+todo\s+(?:lo\s+)?(?:anterior|dicho|que\s+(?:\w+\s+)?(?:sabes|digo|dije|"
        r"he\s+dicho|te\s+han\s+dicho))",
        r"\b(?:negeer|vergeet)\s+(?:alle\s+)?(?:vorige|eerdere|bovenstaande|voorgaande)\s+(?:instructies|opdrachten|regels)",
    ),
    signal(
        "override",
        0.5,
        "previous|prior|above|preceding|new instr|neue anw|abweichend",
        r"\b(?:all|any)\s+(?:previous|prior|above|preceding)\s+(?:information|instructions|tasks|"
        r"messages)\b[^.!?\n]{0,60}\b(?:irrelevant|void|cancel\w*|deleted|forgotten)\b",
        r"\b(?:now\s+)?new\s+instructions\s+follow\b|\bfolgen\s+neue\s+anweisungen\b|\babweichend\s+(?:zu|"
        r"von)\s+(?:vorherigen|bisherigen)\s+(?:instruktionen|anweisungen)\b",
    ),
    signal(
        "role",
        0.5,
        "now you are|bist du|imagine|role-play|roleplay|role play|break character",
        r"(?:^|[.!?:\n][ \t]{0,9})(?:okay[.,]?\s+)?now\s+you\s+are\s+(?:an?\s+\w+|[A-Z]\w+)|\b(?:jetzt|"
        r"nun)\s+bist\s+du\b|\bimagine\s+(?:that\s+)?you\s+are\b",
        r"\byou\s+are\s+(?:now\s+)?role-?\s?playing\b|\bdo(?:es)?\s+not\s+break\s+character\b|\byou\s+never\s+break\s+character\b",
    ),
    signal(
        "role",
        0.85,
        "i want you|ich möchte|quiero que|je veux",
        r"\bi\s+want\s+you\s+to\s+(?:act|behave|respond|pretend|play)\b",
        r"\bich\s+möchte,\s+dass\s+(?:sie|du)\s+(?:\w+\s+){0,2}als\b[^.!?\n]{0,80}\b(?:fungier\w+|auftre\w+|agier\w+|verh\w+)",
        r"\b(?:quiero\s+que\s+actúes|je\s+veux\s+que\s+tu\s+agisses)\b",
    ),
    signal(
        "role",
        0.85,
        "you are|from now|act as|behave as|respond as|answer as|pretend| mode",
        rf"\byou\s+are\s+(?:now|no\s+longer|from\s+now\s+on)\s+(?:(?:a|an|my|the|in)\s+)?(?:\w+\s+){{0,3}}?{_ROLE}\b",
        r"\bfrom\s+now\s+on,?\s+you\s+(?:are|will\s+(?:act|be|behave|respond|answer|reply|only)|must\s+(?:act|answer|"
        r"respond|reply|obey))\b",
        rf"(?:^|[.!?:\n*#>\"][ \t]{{0,9}})(?:please\s+|now\s+)?(?:act|behave|respond|answer)\s+as\s+(?:if\s+you\s+(?:are|"
        rf"were)\s+|though\s+you\s+(?:are|were)\s+)?(?:an?|my|the)\s+(?:\w+\s+){{0,3}}?{_ROLE}\b",
        rf"\bpretend\s+(?:to\s+be|(?:that\s+)?you\s+(?:are|can|have|were))\s+(?:an?\s+|"
        rf"the\s+)?(?:\w+\s+){{0,3}}?(?:{_ROLE}|access|no\s+(?:rules|restrictions))\b",
        r"\b(?:developer|dan|god|jailbreak|unrestricted)\s+mode\s+(?:enabled|activated|on\b)",
    ),
    signal(
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
    signal(
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
    signal(
        "address",
        0.85,
        "if you|when you|wenn du|falls du|si tu es|si vous|si eres",
        rf"\b(?:if|when)\s+you(?:'re|\s+are)\s+(?:an?\s+)?{_MODEL}",
        rf"\b(?:wenn|falls)\s+du\s+(?:ein|eine)\s+{_MODEL}",
        rf"\b(?:si\s+(?:tu\s+es|vous\s+êtes)\s+(?:un|une)|si\s+eres\s+(?:un|una))\s+{_MODEL}",
    ),
    signal(
        "address",
        0.85,
        "ing this",
        rf"\b{_MODEL}\s+(?:that\s+(?:is|are)\s+)?(?:reading|processing|summari[sz]ing|parsing|indexing)\s+this\b",
    ),
    signal(
        "address",
        0.85,
        "llm|gpt|a.i.| ai|\nai|model|modèle|assist|asist|ki-|ki |bot",
        rf"\b(?:attention|note|instructions?|message|hey|hello|dear|notice|important)[\s,:]+(?:(?:to|for|all|any|the)\s+){{0,3}}"
        rf"{_MODEL}(?:[^.!?\n]{{0,30}})[:,!]",
    ),
    signal(
        "address",
        0.85,
        "ai:|ai,|llm:|llm,|llms:|llms,|gpt:|gpt,|gpt-|a.i.:|a.i.,|modell|model:|model,|models:|models,|assistant:|assistant,|assistants:|"
        "assistants,|agent:|agent,|agents:|agents,|system:|system,|systems:|systems,|bot:|bot,|bots:|bots,|assistent|langage:|langage,|"
        "lenguaje:|lenguaje,|ia:|ia,|ki:|ki,",
        rf"(?:^|\n|<!--)[ \t]{{0,9}}{_MODEL}\s*[:,]\s*(?:please\s+|you\s+(?:must|should)\s+|do\s+not\s+|always\s+|"
        rf"never\s+|ignore|say|tell|respond|answer|recommend|include|bitte\s+)",
    ),
    signal(
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
    signal(
        "reply",
        0.5,
        "output|nothing else|instead| only|only |exclusively|solely|always",
        r"\b(?:respond|reply|answer)\s+(?:only|exclusively|solely|always)\s+(?:with|in|by|as)\b",
        r"\b(?:just|only|simply)\s+output\b",
        r"\b(?:say|output|print|write)\s+(?:exactly\s+)?[\"'“][^\"'”\n]{1,80}[\"'”]\s+(?:and\s+)?(?:nothing\s+else|instead|only)\b",
    ),
    signal(
        "tag",
        0.85,
        "im_|[inst|inst]|sys>>|##|system|endoftext",
        r"<\|(?:im_start|im_end|system|user|assistant|endoftext|begin_of_text|start_header_id|eot_id)\|>",
        r"\[/?INST\]|<</?SYS>>",
        r"(?:^|\n)[ \t]{0,9}#{2,}\s*(?:system|instruction|system\s+prompt)\s*:",
        r"(?:^|\n)[ \t]{0,9}</?(?:system|system_prompt|system-prompt)>\s*(?=\S)",
        r"(?:^|\n)[ \t]{0,9}\[?system\]?\s*:\s*(?:you\s+(?:are|must|will)|ignore|new\s+instructions?)\b",
    ),
    signal(
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


def signals(text: str) -> Iterator[tuple[Signal, re.Match[str]]]:
    """What in the text is worded so, by signal; in linear time."""
    for at in sorted(_stems()(text.encode("utf-8", "replace")) or ()):
        for match in SIGNALS[at].pattern.finditer(text):
            yield SIGNALS[at], match


@cache
def _stems() -> Callable[[bytes], list[int] | None]:
    """Which signals have a stem in a text, by their positions: all are looked for at once, as most texts have none."""
    import re2  # pyright: ignore[reportMissingTypeStubs]

    options = re2.Options()
    options.case_sensitive, options.max_mem = False, 64 << 20
    found = re2.Set.SearchSet(options)  # pyright: ignore[reportUnknownMemberType]
    for each in SIGNALS:
        found.Add("|".join(map(re.escape, each.needs)))  # pyright: ignore[reportUnknownMemberType]
    found.Compile()
    return cast("Callable[[bytes], list[int] | None]", found.Match)  # pyright: ignore[reportUnknownMemberType]
