"""What a question means after those before it, without a language model.

Nobody is asked to say everything again: "and for contractors?" is searched with what was asked before. The question that is shown
stays as it was typed. Where nothing points back, nothing is added: a new topic is searched as it stands.
"""

import math
import re
from collections.abc import Callable, Sequence
from typing import Literal

from firmground.language.follow_ups import CUES, LANGUAGES, content_words, pronoun
from firmground.language.identify import identify
from firmground.language.in_place import beside, in_place
from firmground.types import AnswerStatus, Value

Reason = Literal["alone", "choice", "correction", "more", "goes_on", "fragment", "pronoun", "new_topic", "rewritten"]
_WHY: dict[Reason, str] = {
    "alone": "it stands alone",
    "choice": "it chooses one of the readings that were offered",
    "correction": "it corrects the question before",
    "more": "it asks for more about the question before",
    "goes_on": "it goes on from the question before",
    "fragment": "it is no whole question",
    "pronoun": "a word in it stands for something said before",
    "new_topic": "it says that it is about something else",
    "rewritten": "a language model reads it so after the questions before",
}
_MOST_WORDS = 12
"""Words taken over from earlier questions."""
_FRAGMENT = 2
"""Words of content that a question without a verb has at most, to be read as part of the one before."""
_STANDS = 4
"""Words of content from which on a question that begins with "and" stands alone nevertheless."""
_LONGEST = 400
"""Characters of a question that may lean on another, and of one whose words others can take the place of."""
_STEM = 5
"""Letters by which a thing is known again ("policy", "policies")."""
_WORD = re.compile(r"\w+(?:[-'’.&]\w+)*")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]+")
_SPACES = re.compile(r" {2,}")
_ITEMS = re.compile(r"^[^\S\n]*+(?:[-*+•]|\d{1,3}[.)])[^\S\n]++(.+)$", re.MULTILINE)
_NAME = re.compile(r"\b[^\W\d_a-zß-öø-ÿ]\w+(?:[ -][^\W\d_a-zß-öø-ÿ]\w+)+")


class Turn(Value):
    """One question of a conversation and what became of it."""

    id: str
    """Of its answer."""
    question: str
    """As typed."""
    asked: str
    """As it was searched, `Understood.asked`."""
    answer: str = ""
    """The text that the reader saw."""
    titles: tuple[str, ...] = ()
    """Titles of the documents that the answer cites, first citation first."""
    choices: tuple[str, ...] = ()
    """Questions that were offered to choose from."""
    status: AnswerStatus


class Understood(Value):
    """A question as it is searched."""

    shown: str
    """As typed."""
    asked: str
    """With what earlier questions add to it; free of control characters."""
    follow_up: bool
    why: Reason
    context: tuple[str, ...] = ()
    """Ids of the earlier answers it was understood by."""

    @property
    def text(self) -> str:
        """The reason, for people."""
        return _WHY[self.why]


def estimated_tokens(text: str) -> int:
    """What a text takes of a model's context, rather too many: a token for three bytes."""
    return math.ceil(len(text.encode("utf-8", "surrogatepass")) / 3)


def kept(history: Sequence[Turn], tokens: int, count: Callable[[str], int] = estimated_tokens) -> tuple[Turn, ...]:
    """The newest turns that fit into so many tokens, oldest first; an answer too long for what is left is cut, a question never.

    `count` says how many tokens a text takes. 0 tokens keep nothing.
    """
    turns: list[Turn] = []
    left = tokens
    for turn in reversed(history):
        left -= count(turn.asked)
        if left < 0:
            break
        answer = turn.answer
        while answer and count(answer) > left:
            answer = answer[: min(len(answer) - 1, len(answer) * left // max(1, count(answer)))].rstrip()
        left -= count(answer) if answer else 0
        turns.append(turn if answer == turn.answer else turn.model_copy(update={"answer": answer}))
    return tuple(reversed(turns))


def understood(question: str, history: Sequence[Turn] = ()) -> Understood:
    """The question as it is searched. `history` is the asker's own, oldest first, cut by `kept`.

    In this order: a choice that was offered, or all of them; a new topic; a correction, which replaces what it corrects; "tell me more"
    and a bare "why?"; one of a list; what begins with "and" or "what about"; a fragment; a word that stands for something said before.
    Anything else stands alone, as does a question of more than 400 characters. Questions that were blocked or out of scope are not
    gone back to.
    """
    asked = _SPACES.sub(" ", _CONTROL.sub(" ", question)).strip()
    before = [turn for turn in history if turn.status not in {"blocked", "out_of_scope"}]
    if not before or not asked or len(asked) > _LONGEST:
        return Understood(shown=question, asked=asked, follow_up=False, why="alone")
    return _Follow(question, asked, before).understood()


class _Follow:
    """One question after others."""

    def __init__(self, shown: str, asked: str, before: Sequence[Turn]) -> None:
        self._shown = shown
        self._asked = asked
        self._last = before[-1]
        self._languages = _languages(asked, before)
        self._cues = [CUES[language] for language in self._languages]
        self._earlier = next((turn for turn in reversed(before) if self._words(turn.asked)), self._last)
        self._before = self._earlier.asked
        if len(self._before) > _LONGEST:
            self._before = " ".join(self._words(self._before)[:_MOST_WORDS])

    def understood(self) -> Understood:
        chosen = self._chosen() or self._all_of_them()
        if chosen:
            return self._as(chosen, "choice", self._last)
        for cues in self._cues:
            topic = cues.new_topic.match(self._asked)
            if topic and not cues.more.fullmatch(self._asked):
                return self._as(self._asked[topic.end() :].strip() or self._asked, "new_topic")
        for read in (self._correction, self._more, self._of_the_list, self._going_on, self._fragment, self._standing_for):
            found = read()
            if found is not None:
                return found
        return self._as(self._asked, "alone")

    def _as(self, asked: str, why: Reason, turn: Turn | None = None) -> Understood:
        context = (turn.id,) if turn else ()
        return Understood(shown=self._shown, asked=asked, follow_up=turn is not None, why=why, context=context)

    def _words(self, text: str) -> list[str]:
        return content_words(text, self._languages)

    def _chosen(self) -> str:
        """The one choice that the answer to a question back names, by its place or by words that no other choice has."""
        choices = self._last.choices
        if not choices:
            return ""
        plain = _plain(self._asked)
        for choice in choices:
            if _plain(choice) == plain:
                return choice
        words = self._words(self._asked)
        place = self._place()
        if place and len(words) <= 1 and -len(choices) <= place[0] < len(choices):
            return choices[place[0]]
        own = [set(_folded(choice)) - set(_folded(self._last.asked)) for choice in choices]
        named = [at for at, said in enumerate(own) if words and said.issuperset(_folded(" ".join(words)))]
        return choices[named[0]] if len(named) == 1 else ""

    def _all_of_them(self) -> str:
        """The question that was asked back, for all its readings, where somebody wants "both" or "all of them"."""
        wanted = any(cues.everything.search(self._asked) for cues in self._cues) and not self._words(self._asked)
        return f"{self._before.rstrip(' ?.!')} ({self._asked.strip(' ?.!')})?" if self._last.choices and wanted else ""

    def _place(self) -> tuple[int, str] | None:
        """Which one of several is named by its place, from 0 (the last: -1), and the words that name it."""
        number = re.fullmatch(r"\W*(\d{1,2})\W*", self._asked)
        if number and number[1] != "0":
            return int(number[1]) - 1, self._asked
        for cues in self._cues:
            for word, place in cues.ordinals.items():
                named = re.search(
                    rf"(?:\b\w{{2,3}}\s+)?\b{word}\b(?:\s+(?:ones?|option|punkt|punto|opción))?", self._asked, re.IGNORECASE
                )
                if named and (named[0].split()[-1].casefold() != word or not self._asked[named.end() :].strip(" ?.!,")):
                    return place, named[0]
        return None

    def _correction(self) -> Understood | None:
        for cues in self._cues:
            both = cues.instead.search(self._asked)
            if both:
                old, new = (both["old"] or both["old2"], both["new"] or both["new2"])
                lead = cues.correcting.match(new)
                new = new[lead.end() :] if lead else new
                if old and new and set(_folded(" ".join(self._words(old)))) & set(_folded(self._earlier.asked)):
                    return self._as(in_place(self._before, new.strip(), cues, old=old.strip()), "correction", self._earlier)
            lead = cues.correcting.match(self._asked)
            said = self._asked[lead.end() :].strip() if lead else ""
            both = both if lead else None
            if both and both["new"]:
                said = both["new"].strip()
            if said and self._words(said):
                whole = bool(cues.asking.match(said)) and len(self._words(said)) > 1
                asked = said if whole else in_place(self._before, said, cues)
                return self._as(asked, "correction", self._earlier)
        return None

    def _more(self) -> Understood | None:
        for cues in self._cues:
            if cues.more.fullmatch(self._asked):
                return self._as(self._earlier.asked, "more", self._earlier)
            if cues.bare.fullmatch(self._asked):
                return self._as(self._with_words(self._asked), "more", self._earlier)
        return None

    def _going_on(self) -> Understood | None:
        for cues in self._cues:
            lead = cues.leading.match(self._asked)
            said = self._asked[lead.end() :].strip() if lead else ""
            words = self._words(said)
            if not said or len(words) >= _STANDS:
                continue
            if self._points_back(said) or cues.asking.match(said):
                return self._as(self._with_words(said), "goes_on", self._earlier)
            return self._as(in_place(self._before, said, cues), "goes_on", self._earlier)
        return None

    def _fragment(self) -> Understood | None:
        words = self._words(self._asked)
        if not words or len(words) > _FRAGMENT or any(cues.asking.match(self._asked) for cues in self._cues):
            return None
        first = _folded(self._asked)[0]
        relation = any(first in cues.prepositions for cues in self._cues)
        answers_back = self._last.status == "clarify"
        if len(words) == 1 or relation or answers_back:
            earlier = self._before
            asked = beside(earlier, self._asked) if answers_back else in_place(earlier, self._asked, self._cues[0])
            return self._as(asked, "fragment", self._earlier)
        return None

    def _of_the_list(self) -> Understood | None:
        """ "The second one", of a list in the answer before."""
        items = _ITEMS.findall(self._last.answer)
        place = self._place() if items else None
        if not place or not -len(items) <= place[0] < len(items):
            return None
        item = re.sub(r"\s{0,9}\[\d{1,9}\]\s{0,9}$|[*_`]", "", items[place[0]])
        return self._as(self._asked.replace(place[1], item, 1), "pronoun", self._last)

    def _standing_for(self) -> Understood | None:
        if not self._points_back(self._asked):
            return None
        return self._as(self._with_words(self._asked), "pronoun", self._earlier)

    def _points_back(self, text: str) -> str:
        word = next((word for cues in self._cues if (word := pronoun(text, cues, self._languages))), "")
        thing = word.rpartition(" ")[2].casefold() if " " in word else ""
        spoken_of = _folded(" ".join([self._last.asked, self._earlier.asked, self._last.answer, *self._last.titles]))
        return word if not thing or any(said[:_STEM] == thing[:_STEM] for said in spoken_of) else ""

    def _with_words(self, text: str) -> str:
        """The question, with what the one before was about in the place of the word that stands for it, or at its end; the names in
        the answer as well where a person is meant."""
        own = set(_folded(text))
        about = [word for word in self._words(self._earlier.asked) if word.casefold() not in own] or list(
            self._earlier.titles[:1]
        )
        if any(cues.people.search(text) for cues in self._cues):
            about = [*dict.fromkeys(_NAME.findall(self._last.answer))][:2] + about
        said = " ".join(about[:_MOST_WORDS])
        word = self._points_back(text)
        if not word or not said:
            return f"{text} {said}".rstrip()
        thing = word.rpartition(" ")[2] if " " in word else ""
        said = said if thing[:_STEM].casefold() in {each[:_STEM] for each in _folded(said)} else f"{said} {thing}".rstrip()
        return re.sub(rf"\b{re.escape(word)}\b", lambda _: said, text, count=1)


def _languages(asked: str, before: Sequence[Turn]) -> list[str]:
    """Of the conversation, as far as its turns of phrase are known, the surest first; all where that is not clear."""
    known = frozenset(LANGUAGES)
    spoken = [identify(text, known) for text in (*(turn.asked for turn in reversed(before[-2:])), asked)]
    return list(dict.fromkeys(filter(None, spoken))) or list(LANGUAGES)


def _plain(text: str) -> str:
    return " ".join(_folded(text))


def _folded(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]
