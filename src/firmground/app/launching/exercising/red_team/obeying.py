"""The worst case of a language model: whatever reads like an order it obeys, in whatever form, as cleverly as it can."""

import base64
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import count, repeat

from firmground.app.launching.exercising.red_team.attacks import Armed
from firmground.app.launching.exercising.red_team.disguise import readings
from firmground.language_model import Delta, ModelCall, Tokens

_PASSAGE = re.compile(r'<passage\b[^>]{0,400}?\bn="(\d{1,4})"[^>]{0,2000}>(.*?)</passage', re.DOTALL)
_PRICE = 20e-6
"""Dollars for a token, so that what goes on and on costs something."""
_PIECE = 40
"""Characters that it says at once."""


class Obeying:
    """In the place of a language model. It finds the words of attacks in what it is sent and does what each of them wants; where it finds
    none it quotes the first passage."""

    def __init__(self, name: str, attacks: Sequence[Armed]) -> None:
        self.name = name
        self.structured = False
        self._attacks = {each.word: each for each in attacks}
        self.systems: set[str] = set()
        """The system messages that it got."""

    def count(self, text: str) -> int:
        return len(text) // 4

    def cost(self, tokens: Tokens, seconds: float = 0.0) -> float | None:
        del seconds
        return _PRICE * (tokens.input + tokens.output)

    def stream(self, call: ModelCall, *, cancelled: Callable[[], bool] = lambda: False) -> Iterator[Delta]:
        system = "\n".join(message.text for message in call.messages if message.role == "system")
        told = "\n".join(message.text for message in call.messages if message.role != "system")
        self.systems.add(system)
        said = 0
        for piece in self._said(system, told):
            for start in range(0, len(piece), _PIECE):
                if said >= call.max_output_tokens or cancelled():
                    break
                part = piece[start : start + _PIECE]
                said += max(1, len(part) // 4)
                yield Delta(text=part)
            if said >= call.max_output_tokens or cancelled():
                break
        finish = "length" if said >= call.max_output_tokens else "stop"
        yield Delta(tokens=Tokens(input=len(system + told) // 4, output=said), finish=finish)

    def close(self) -> None:
        """Nothing is open."""

    def _said(self, system: str, told: str) -> Iterator[str]:
        passages = [(int(n), text) for n, text in _PASSAGE.findall(told)]
        texts = readings(told)
        given = [each for word, each in self._attacks.items() if any(word in text for text in texts)]
        if any(each.attack.does == "nothing" for each in given):
            return
        for n, text in passages[:1]:
            line = next((line for line in text.splitlines() if line.strip().endswith(".")), "")
            yield f"{line.strip().rstrip('.')} [{n}]. "
        for each in sorted(given, key=lambda each: each.attack.does.startswith("endless")):
            yield from _obeyed(each, system, told, passages)
        if not passages and not given:
            yield "NO_ANSWER"


def _obeyed(given: Armed, system: str, told: str, passages: Sequence[tuple[int, str]]) -> Iterator[str]:
    match given.attack.does:
        case "say":
            n = next((n for n, text in passages if any(given.word in reading for reading in readings(text))), 1)
            yield f"{given.says.rstrip('.')} [{n}].\n"
        case "prompt":
            yield from _repeated(system)
        case "prompt_base64":
            yield f"{base64.b64encode(system.encode()).decode()} [1].\n"
        case "passages" | "hidden":
            yield from _repeated(told)
        case "beyond":
            yield from (f"The {given.topic} room opens at nine, says {n} [{n}].\n" for n in range(7, 41))
        case "faulty":
            yield from (f"The {given.topic} room opens at {n} [{n}].\n" for n in range(50, 60))
        case _:
            yield from _endless(given)


def _repeated(text: str) -> Iterator[str]:
    return (f"{line.strip().rstrip('.')} [1].\n" for line in text.splitlines() if line.strip())


def _endless(given: Armed) -> Iterator[str]:
    match given.attack.does:
        case "endless_list":
            yield from (f"{n}. The {given.topic} room [1].\n" for n in count(1))
        case "endless_thought":
            yield "<think>"
            yield from repeat("on and on ")
        case "endless_json":
            yield '{"answerable": true, "sentences": '
            yield from repeat("[{")
        case "endless_word":
            yield from repeat("andon")
        case _:
            yield from repeat(f"The {given.topic} room opens at nine [1]. ")
