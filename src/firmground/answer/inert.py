"""What others wrote, made fit to stand in a prompt: it reads the same, but imitates nothing that the prompt itself says.

This is about form, not meaning: text can still *ask* a model for something. What the model says is checked afterwards for that reason.
"""

import re

from firmground.language.visible import without_unseen

_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufff0-\uffff\U000f0000-\U0010ffff]")
"""Controls, lone surrogates, private signs and those that are none."""

_HEAPED = re.compile("([\u0300-\u036f\u1ab0-\u1aff\u20d0-\u20ff]{2})[\u0300-\u036f\u1ab0-\u1aff\u20d0-\u20ff]+")
"""More accents on one letter than any language writes."""

_BLOCKS = ("passage", "question", "history", "turn", "sentence", "problem", "draft", "reply", "expectation", "unacceptable")
"""Names of the blocks that prompts put text of others into."""
_ROLES = (
    r"system|user|assistant|human|developer|(?:tool|function)(?:_\w{1,20})?|instructions?|inst|sys|think(?:ing)?|s|bos|eos|pad|unk|"
    "im_(?:start|end)|(?:start|end)_of_turn|system[_-]?prompt"
)
_LESS = "(?:[<\uff1c\ufe64\u2039\u3008\u27e8\u276e\u2770\u02c2\u1438\u227a]|&lt;?|&#0{0,6}60;?|&#x0{0,6}3c;?)"


def _disguised(word: str) -> str:
    """Matches the word with signs between its letters, and with any foreign sign instead of a letter."""
    return "[^0-9A-Za-z<(\n]{0,2}".join(rf"(?:{letter}|(?-i:[^\x00-\x7f]))" for letter in word)


_TAG = re.compile(
    rf"{_LESS}(?=[\s/\\!?]{{0,9}}(?:{'|'.join(map(_disguised, _BLOCKS))})"
    rf"|[\s/]{{0,9}}[|\uff5c\u2223\u00a6]|[\s/<]{{0,9}}(?:{_ROLES})\b)"
    r"|[\[\uff3b](?=\s{0,9}/?\s{0,9}(?:INST|SYS|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\s{0,9}[\]\uff3d])",
    re.IGNORECASE,
)
_CODE_OR_MARK = re.compile(
    r"(?P<code>```.*?```|`[^`\n]*`)|[\[\uff3b\u3010\u3014\u27e6\u301a](?P<mark>\s{0,3}(?:(?:passages?|source)\s{0,3})?[#^]?\d{1,4}"
    r"(?:[\s,;&\u2010-\u2015-]{1,4}\d{1,4}){0,20}\s{0,3}(?:\u2020[^\]\n\u3011]{0,40})?)[\]\uff3d\u3011\u3015\u27e7\u301b]",
    re.IGNORECASE | re.DOTALL,
)
_ROLE_LINE = re.compile(
    r"^([ \t]{0,9}[#*_>\[(|-]{0,6}[ \t]{0,9}(?:system|assistant|user|human|developer|ai)[\])*_ \t|]{0,6})[:\uff1a]",
    re.IGNORECASE | re.MULTILINE,
)
_LONGEST_LABEL = 200


def visible(text: str) -> str:
    """The text without signs that nobody sees and accents that hide a letter; every line end is `\\n`."""
    return _HEAPED.sub(r"\1", without_unseen(_NO_TEXT.sub("", _LINE_ENDS.sub("\n", text))))


def inert(text: str) -> str:
    """The text as a block of a prompt may hold it: it closes no block and opens none, cites no passage, and speaks in no other role.

    Only the signs that would do so are replaced: `<` of a tag, the brackets of `[1]` (not in code), the colon of `System:`. Doing it
    twice changes nothing.
    """
    text = _TAG.sub("(", visible(text))
    text = _CODE_OR_MARK.sub(lambda found: found[0] if found["code"] else f"({found['mark']})", text)
    return _ROLE_LINE.sub(r"\1 –", text)


def label(text: str) -> str:
    """The text as the value of an attribute: one line, no double quotation mark, no tag, at most 200 characters."""
    line = " ".join(inert(text).split())
    return line.translate({34: "'", 60: "(", 62: "\u203a"})[:_LONGEST_LABEL]
