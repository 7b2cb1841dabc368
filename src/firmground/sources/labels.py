"""Who may see a file and what is said of it from outside: the source, rules, folder and sidecar files.

The groups of the source, or of the last rule that matches, say who may see a file. `_meta.yaml` of its folders, outer before inner, and
its own sidecar (`leave.md.meta.yaml` or `.meta.json`) may narrow that: whoever may write into a folder must not widen who sees it.
Metadata merges in the same order, key by key, the nearest wins. (Front matter is the parser's.)

Whatever cannot be read with certainty gives no groups: such a file is shown to administrators only, and reported.
"""

from collections.abc import Sequence
from typing import NamedTuple

from pydantic import Field

from firmground.errors import ParseFailed
from firmground.groups import narrowed
from firmground.language.globs import compile_globs
from firmground.sources.matter import BadMatter, load_mapping, read_groups, read_metadata
from firmground.types import Scalar, Value

SIDECARS = (".meta.yaml", ".meta.yml", ".meta.json")
FOLDER_SIDECARS = ("_meta.yaml", "_meta.yml", "_meta.json")


class Rule(Value):
    """For files that `match` covers: who may see them (None: as before), and metadata."""

    match: str
    groups: tuple[str, ...] | None = None
    metadata: dict[str, Scalar | tuple[Scalar, ...]] = Field(default={})


class Labels(NamedTuple):
    groups: tuple[str, ...] | None
    metadata: dict[str, Scalar | tuple[Scalar, ...]]

    def then(self, nearer: "Labels") -> "Labels":
        """These, overruled by `nearer` ones: for rules, which are settings."""
        return Labels(self.groups if nearer.groups is None else nearer.groups, {**self.metadata, **nearer.metadata})

    def narrowed(self, nearer: "Labels") -> "Labels":
        """These, narrowed by what lies `nearer` in the folders themselves."""
        groups = nearer.groups if self.groups is None else narrowed(self.groups, nearer.groups)
        return Labels(groups, {**self.metadata, **nearer.metadata})


NONE = Labels(None, {})
NOBODY = Labels((), {})


class Rules:
    """Rules of one source, compiled. `unused` are the patterns that covered no file since `start()`."""

    def __init__(self, groups: Sequence[str], rules: Sequence[Rule]) -> None:
        self._base = Labels(tuple(sorted(set(groups))), {})
        self._rules = [
            (
                rule.match,
                compile_globs([rule.match]),
                Labels(None if rule.groups is None else tuple(sorted(set(rule.groups))), rule.metadata),
            )
            for rule in rules
        ]
        self.unused: set[str] = set()

    def start(self) -> None:
        self.unused = {match for match, _, _ in self._rules}

    def said(self, uri: str) -> tuple[str, tuple[str, ...]]:
        """Which of them decides which groups may see a file, and what it says."""
        place, groups = "the setting groups of the source", self._base.groups or ()
        for match, pattern, rule in self._rules:
            if rule.groups is not None and pattern.fullmatch(uri):
                place, groups = f"the rule match = {match!r} of the source", rule.groups
        return place, groups

    def labels(self, uri: str) -> Labels:
        labels = self._base
        for match, pattern, rule in self._rules:
            if pattern.fullmatch(uri):
                self.unused.discard(match)
                labels = labels.then(rule)
        return labels


def is_sidecar(name: str) -> bool:
    return name in FOLDER_SIDECARS or name.endswith(SIDECARS)


def read_sidecar(content: bytes) -> Labels:
    """Keys `groups`, `title`, `metadata`, nothing else. BadMatter otherwise: a misspelt `groups` must not pass unseen."""
    try:
        loaded = load_mapping(content.decode("utf-8-sig"))
    except UnicodeDecodeError as wrong:
        raise BadMatter("not UTF-8") from wrong
    unknown = sorted(loaded.keys() - {"groups", "title", "metadata"})
    if unknown:
        raise BadMatter(f"unknown key {unknown[0]!r}; known are groups, title, metadata")
    more = loaded.get("metadata")
    if more is not None and not isinstance(more, dict):
        raise BadMatter("metadata must hold keys and values")
    given: dict[str, object] = {str(key): value for key, value in more.items()} if more else {}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    metadata, left_out = read_metadata(given | ({"title": loaded["title"]} if "title" in loaded else {}))
    if left_out:
        raise BadMatter(f"the value of {left_out[0]!r} is neither a value nor a list of values")
    groups = None if "groups" not in loaded else read_groups([] if loaded["groups"] is None else loaded["groups"])
    return Labels(groups, dict(metadata))


def sidecar_problem(uri: str, wrong: BadMatter | ParseFailed) -> tuple[str, str, str]:
    reason = wrong.detail if isinstance(wrong, ParseFailed) else str(wrong)
    return uri, "sidecar_invalid", f"{reason}; what it describes is shown to no group until it is mended"
