"""A question and its passages as an answer is read from them: with aliases in the place of placeholders, so that no key has a say in it."""

from collections.abc import Sequence
from dataclasses import replace

from firmground.answer.states import Decision
from firmground.language.placeholders import Aliases
from firmground.serve.composing import Statement
from firmground.types import Passage


class Aliased:
    """What is read, all places in it being the same; and what was made of it, with the placeholders again."""

    def __init__(self, passages: Sequence[Passage], *questions: str) -> None:
        texts = (text for each in passages for text in (each.title, each.locator.heading, each.table_header, each.text))
        self._aliases = Aliases((*questions, *texts))
        self.questions = tuple(map(self._aliases.put, questions))
        self.passages: Sequence[Passage] = [self._passage(each) for each in passages] if self._aliases else passages

    def _passage(self, passage: Passage) -> Passage:
        put = self._aliases.put
        return passage.model_copy(
            update={
                **{name: put(getattr(passage, name)) for name in ("title", "table_header", "text")},
                "locator": passage.locator.model_copy(update={"heading": put(passage.locator.heading)}),
            }
        )

    def text(self, read: str) -> str:
        """Words of what is read, as they stand in it."""
        return self._aliases.lifted(read)

    def decision(self, made: Decision) -> Decision:
        """As its reader is told it, and as it is kept."""
        if not self._aliases:
            return made
        lifted = self._aliases.lifted
        choices = tuple(each.model_copy(update={"text": lifted(each.text), "label": lifted(each.label)}) for each in made.choices)
        notices = tuple(each.model_copy(update={"text": lifted(each.text)}) for each in made.notices)
        rules = tuple(
            each.model_copy(
                update={"seen": lifted(each.seen) if isinstance(each.seen, str) else each.seen, "text": lifted(each.text)}
            )
            for each in made.rules
        )
        return made.model_copy(update={"text": lifted(made.text), "choices": choices, "notices": notices, "rules": rules})

    def statement(self, made: Statement) -> Statement:
        """With the words of the document."""
        return replace(
            made,
            text=self._aliases.lifted(made.text),
            places=tuple(replace(place, heading=self._aliases.lifted(place.heading)) for place in made.places),
        )
