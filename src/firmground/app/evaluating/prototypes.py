"""An existing prototype: what its people say of it in a small file, and its answers to the golden cases judged as ours are."""

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

from pydantic import Field, ValidationError

from firmground.errors import InvalidInput, NotFound
from firmground.evaluate.cases import Behaviour, Case
from firmground.evaluate.report import Result, rival, share
from firmground.evaluate.verdict import Verdict, evened, judged_by
from firmground.gate.known import Compared, Prototype
from firmground.types import AnswerStatus

_LARGEST = 20_000_000
_BY_TEXT: frozenset[Behaviour] = frozenset({"answer", "abstain", "refuse"})
"""What a text alone can show: it answers, or it says that it does not."""


class _File(Prototype):
    """`prototype.toml`."""

    answers: str = ""
    """A file beside it: JSON lines with `id` or `question` and `answer`, and `sources` where it names some; or results of promptfoo."""
    refusals: tuple[str, ...] = Field((), max_length=50)
    """What it says where it gives no answer."""


class Said(NamedTuple):
    text: str
    sources: tuple[str, ...]


class Read(NamedTuple):
    """A prototype as its file says. `answers` by id of the case, or by its question; None where no file of answers is named."""

    prototype: Prototype
    answers: Mapping[str, Said] | None
    refusals: tuple[str, ...]


def read(path: Path) -> Read:
    """NotFound, and InvalidInput that names the key or the line that cannot be used."""
    try:
        file = _File.model_validate(tomllib.loads(_content(path)))
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{path.name} is not valid TOML ({error})", "mend that line") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        if first["type"] == "extra_forbidden":
            known = ", ".join(_File.model_fields)
            raise InvalidInput(f"unknown key {place} in {path.name}", f"known keys: {known}") from None
        raise InvalidInput(f"{place} in {path.name} cannot be used", str(first["msg"])) from None
    prototype = Prototype.model_validate(file.model_dump(exclude={"answers", "refusals"}))
    answers = dict(_answers(path.parent / file.answers)) if file.answers else None
    return Read(prototype, answers, file.refusals)


def compared(found: Read, evaluated: Sequence[tuple[Case, Sequence[Result]]]) -> Compared | None:
    """Its answers beside those of the release, case by case; None where there is nothing to compare. Where it names no sources at all,
    they are looked at in neither."""
    if not found.answers:
        return None
    pairs = [(case, results, said) for case, results in evaluated if (said := _said(found.answers, case)) is not None]
    pairs = [each for each in pairs if each[0].expect.behaviour in _BY_TEXT]
    if not pairs:
        return None
    bare = not any(said.sources for _, _, said in pairs)
    cases = [case for case, _, _ in pairs]
    ours = {case.digest: [_fair(each, bare) for each in results] for case, results, _ in pairs}
    theirs = {case.digest: [_result(case, said, found.refusals, bare)] for case, _, said in pairs}
    met = rival("prototype", cases, ours, theirs)
    passed = share(cases, lambda case: all(each.passed for each in ours[case.digest]))
    return Compared(
        passed=met.passed,
        ours=passed,
        better=met.better,
        worse=met.worse,
        p=met.p,
        left_out=len(evaluated) - len(pairs),
        without_sources=bare,
    )


def _said(answers: Mapping[str, Said], case: Case) -> Said | None:
    return answers.get(case.id) or answers.get(_key(case.question))


def _key(question: str) -> str:
    return f"? {evened(question)}"


def _result(case: Case, said: Said, refusals: Sequence[str], bare: bool) -> Result:
    text = evened(said.text)
    silent = not text or any(evened(each) in text for each in refusals if each.strip())
    status: AnswerStatus = "out_of_scope" if silent else "answered"  # the state that counts as both, no answer and a refusal
    return _fair(Result(case=case.digest, status=status, verdict=judged_by(case, status, said.text, said.sources)), bare)


def _fair(result: Result, bare: bool) -> Result:
    if not bare or result.verdict is None:
        return result
    verdict: Verdict = result.verdict.model_copy(update={"unsourced": ()})
    return result.model_copy(update={"verdict": verdict})


def _answers(path: Path) -> Iterator[tuple[str, Said]]:
    text = _content(path)
    if path.suffix.lower() == ".jsonl":
        entries = [(number, _json(path, number, line)) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    else:
        entries = list(enumerate(_listed(_json(path, 1, text)), 1))
    for number, entry in entries:
        if not isinstance(entry, dict):
            raise InvalidInput(f"answer {number} in {path.name} is no object", 'write {"id": …, "answer": …}')
        yield from _answer(path, number, cast("dict[str, Any]", entry))


def _answer(path: Path, number: int, entry: Mapping[str, Any]) -> Iterator[tuple[str, Said]]:
    """One of ours, or one result of promptfoo."""
    metadata = _object(_object(entry.get("testCase")).get("metadata"))
    response, given = _object(entry.get("response")), _object(entry.get("vars"))
    text = entry.get("answer", response.get("output"))
    id, question = entry.get("id") if "answer" in entry else metadata.get("id"), entry.get("question", given.get("question"))
    if not isinstance(text, str) or not (isinstance(id, str) or isinstance(question, str)):
        raise InvalidInput(f"answer {number} in {path.name} cannot be used", "give it `id` or `question`, and `answer`, as text")
    sources = entry.get("sources") or ()
    if not isinstance(sources, list | tuple) or not all(isinstance(each, str) for each in cast("list[Any]", sources)):
        raise InvalidInput(f"the sources of answer {number} in {path.name} cannot be used", "write a list of paths")
    said = Said(text, tuple(cast("list[str]", sources)))
    if isinstance(id, str):
        yield id, said
    if isinstance(question, str):
        yield _key(question), said


def _object(found: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _listed(found: Any) -> list[Any]:
    """The results of promptfoo, or a plain list."""
    inside = found
    while isinstance(inside, dict):
        inside = cast("dict[str, Any]", inside).get("results")
    if not isinstance(inside, list):
        raise InvalidInput("the file holds no list of answers", "write JSON lines, or give the results.json of promptfoo")
    return cast("list[Any]", inside)


def _json(path: Path, line: int, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{path.name}:{line} is not valid JSON ({error})", "mend it") from None


def _content(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise InvalidInput(f"{path.name} is larger than {_LARGEST // 1_000_000} MB", "leave out all but the answers")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise NotFound(f"there is no file {path}", "check its path") from None
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InvalidInput(f"{path.name} cannot be read ({why})", "check that it is a file, and who may read it") from None
