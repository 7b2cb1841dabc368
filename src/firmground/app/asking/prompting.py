"""The prompts of a workspace: its own file for answers, and those that come with Firmground."""

from importlib.resources import files
from typing import TYPE_CHECKING

from firmground.errors import InvalidSettings
from firmground.settings import AnswerSection, Workspace

if TYPE_CHECKING:
    from firmground.answer.prompt import Kind, Prompt

DEFAULT = AnswerSection.model_fields["prompt"].default
_KINDS: "tuple[Kind, ...]" = ("answer", "repair", "rewrite")


def prompts(workspace: Workspace) -> "dict[str, Prompt]":
    """By kind; none where no model is asked. InvalidSettings names the file and what is wrong with it."""
    from firmground.serve.generation import EXTRACTIVE

    if workspace.settings.answer.model == EXTRACTIVE:
        return {}
    return {kind: _own(workspace) if kind == "answer" else _packaged(kind) for kind in _KINDS}


def packaged(kind: "Kind") -> str:
    """The text of the prompt that comes with Firmground."""
    return (files("firmground.app") / "prompts" / f"{kind}.md").read_text(encoding="utf-8")


def _packaged(kind: "Kind") -> "Prompt":
    from firmground.answer.prompt import read_prompt

    return read_prompt(f"{kind}.md", packaged(kind), kind)


def _own(workspace: Workspace) -> "Prompt":
    from firmground.answer.prompt import read_prompt

    name = workspace.settings.answer.prompt
    try:
        return read_prompt(name, (workspace.root / name).read_bytes(), "answer")
    except FileNotFoundError:
        if name == DEFAULT:
            return _packaged("answer")
        raise InvalidSettings(f"answer.prompt names {name}, which does not exist", "write it, or name another file") from None
    except (OSError, ValueError) as error:  # a NUL in the name is no OSError
        why = error.strerror if isinstance(error, OSError) else error
        raise InvalidSettings(f"cannot read the prompt {name!r} ({why})", "check its name and permissions") from None
