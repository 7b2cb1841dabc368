"""What a reviewer writes instead of a draft: a text with the draft's own citation marks."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from firmground.answer.cite import Citing
from firmground.answer.marks import parts
from firmground.answer.packing import Packed
from firmground.errors import InvalidInput
from firmground.reviews import ReviewAct, ReviewItem
from firmground.types import Citation, Draft, Passage, Sentence, Trace

LONGEST = 20_000
"""Characters of a text that somebody writes instead of a draft."""
_SPACE = re.compile(r"\s{0,2000}\Z")


def standing_edit(item: ReviewItem, acts: Sequence[ReviewAct]) -> ReviewAct | None:
    """What somebody wrote when it was looked at before, where that is what the asker reads until it is decided again."""
    if item.state == "done" or item.decisive is None:
        return None
    return next((act for act in acts if act.number == item.decisive and act.wrote and act.wrote.text), None)


def base_of(trace: Trace, edit: ReviewAct | None = None) -> Draft:
    """What is looked at: what somebody wrote before, the draft, or the answer that was given."""
    answer = trace.answer
    if edit is not None and edit.wrote is not None:
        return edit.wrote
    if trace.draft is not None:
        return trace.draft
    return Draft(status=answer.status, text=answer.text, sentences=answer.sentences, citations=answer.citations)


def written(text: str, base: Draft, others: Mapping[int, Passage] = MappingProxyType({})) -> Draft:
    """The text as an answer that cites what the draft cites, by its numbers, and `others` by theirs. InvalidInput for an empty or overlong
    text, and for a mark that means nothing."""
    text = clean("correction", text, LONGEST)
    if not text:
        raise InvalidInput("the correction is empty", "write what the answer should say, or reject it")
    cited = {each.n: each for each in base.citations}
    said = parts(text)
    used = {n for part in said for n in part.marks}
    unknown = sorted(used - cited.keys() - others.keys())
    if unknown:
        have = (
            f"use {', '.join(f'[{n}]' for n in (*cited, *others))}"
            if cited or others
            else "leave the mark out: there is no source"
        )
        raise InvalidInput(f"the mark [{unknown[0]}] refers to no source of the draft", have)
    laid_out = ""
    for n, part in enumerate(said):
        before = _SPACE.search(text[said[n - 1].begun : part.begun])
        marks = "".join(f"[{mark}]" for mark in part.marks)
        laid_out += (before[0] if n and before else "") + part.text + (f" {marks}" if marks else "")
    sentences = tuple(Sentence(text=part.text, citations=part.marks) for part in said)
    for n in sorted(used - cited.keys()):
        cited[n] = _citation(n, others[n], " ".join(part.text for part in said if n in part.marks))
    return Draft(
        status="answered",
        text=laid_out,
        sentences=sentences,
        citations=tuple(each for n, each in cited.items() if n in used),
    )


def _citation(n: int, passage: Passage, said: str) -> Citation:
    """Of the stretch of a passage that says most of these words; of all of it, where none does."""
    found = Citing.model_validate({}).over([Packed(0, 0, len(passage.text))], [passage]).cite(said, [1]).supports
    start, end = (found[0].start, found[0].end) if found else (0, len(passage.text))
    begun = passage.locator.start
    return Citation(
        n=n,
        passage=passage.passage,
        document=passage.document,
        title=passage.title,
        uri=passage.uri,
        locator=passage.locator.model_copy(update={"start": begun + start, "end": begun + end}),
        snippet=passage.text[start:end],
    )


def clean(kind: str, text: str, longest: int) -> str:
    """Without space around it, lines ending in one way. InvalidInput where it is too long, or no text."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(text) > longest:
        raise InvalidInput(f"the {kind} has {len(text)} characters", f"use at most {longest}")
    if any(unicodedata.category(sign) in {"Cc", "Cs"} and sign not in "\n\t" for sign in text):
        raise InvalidInput(f"the {kind} holds control characters", "leave them out")
    return text
