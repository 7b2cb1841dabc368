"""`[[sources]]` and `[uploads]`: where documents come from, who may see them, and what becomes of personal data in them."""

import re
from typing import Annotated, Literal, Self, TypeAlias
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from firmground.section import SETTING, Section
from firmground.types import Scalar

PersonalData: TypeAlias = Literal["allow", "mask", "quarantine"]
"""What becomes of personal data that is found in a document: it stays; placeholders are stored, indexed and sent in its place, and it is
kept apart, encrypted; or the document waits until a person releases it."""
_PERSONAL_DATA = (
    "What becomes of personal data found in documents: allow; mask (placeholders take its place before anything is stored or indexed); "
    "or quarantine (the document waits for a person)."
)
_PERSONAL_DATA_FOR = (
    "Groups whose members see what is masked, in documents they may see; empty: everybody who may see the document."
)


class Rule(Section):
    """Refines who may see part of a source, and what its documents say of themselves; the last rule that matches wins."""

    match: Annotated[str, SETTING] = Field(description="Glob over the path inside the source.")
    groups: Annotated[tuple[str, ...] | None, SETTING] = Field(None, description="Replaces the source's groups.")
    metadata: Annotated[dict[str, Scalar | tuple[Scalar, ...]], SETTING] = Field({}, description="Added to the documents.")


_OF_FILES = frozenset({"path"})
_OF_WEB = frozenset(
    name
    for names in (
        "urls hosts depth max_pages max_megabytes max_seconds delay_seconds",
        "user_agent keep_queries sitemaps watch_minutes allow_private",
    )
    for name in names.split()
)


class SourceSection(Section):
    name: Annotated[str, SETTING] = Field(description="Short name, part of every document's address.")
    kind: Annotated[Literal["files", "web"], SETTING] = Field(
        "files", description="What it is: a folder, or pages of a web site."
    )
    path: Annotated[str, SETTING] = Field(
        "", validate_default=True, description="Folder, relative to the workspace; needed for files."
    )
    include: Annotated[tuple[str, ...], SETTING] = Field(("**/*",), description="Globs of files or pages to take.")
    exclude: Annotated[tuple[str, ...], SETTING] = Field((), description="Globs of files to leave, and of pages not to ask for.")
    groups: Annotated[tuple[str, ...], SETTING] = Field(("everyone",), description="Who may see its documents.")
    owner: Annotated[str, SETTING] = Field("", description="Who answers for what stands in it; an audit asks for that.")
    fresh_within_hours: Annotated[float | None, SETTING] = Field(
        None, gt=0, le=87600, description="How old its last sync may be in an audit; as old as the policy says when absent."
    )
    rules: Annotated[tuple[Rule, ...], SETTING] = Field((), description="Per-folder and per-file refinements.")
    personal_data: Annotated[PersonalData, SETTING] = Field("allow", description=_PERSONAL_DATA)
    personal_data_for: Annotated[tuple[str, ...], SETTING] = Field((), description=_PERSONAL_DATA_FOR)
    urls: Annotated[tuple[str, ...], SETTING] = Field(
        (), validate_default=True, description="Web: where it begins, pages or sitemaps (`.xml`, `.xml.gz`); needed for web."
    )
    hosts: Annotated[tuple[str, ...], SETTING] = Field(
        (), description="Web: hosts it may ask besides those of `urls`, as `host` or `host:port`."
    )
    depth: Annotated[int, SETTING] = Field(10, ge=0, le=100, description="Web: links from where it begins to the last page.")
    max_pages: Annotated[int, SETTING] = Field(2_000, ge=1, le=100_000, description="Web: pages asked for in one sync.")
    max_megabytes: Annotated[int, SETTING] = Field(500, ge=1, le=100_000, description="Web: what one sync fetches at most.")
    max_seconds: Annotated[int, SETTING] = Field(1_800, ge=1, le=86_400, description="Web: how long one sync asks for pages.")
    delay_seconds: Annotated[float, SETTING] = Field(
        0.1, ge=0, le=60, description="Web: time between two requests to a host; longer where its robots.txt asks for more."
    )
    user_agent: Annotated[str, SETTING] = Field(
        "Firmground", description="Web: how it calls itself; robots.txt knows it by the word before the first `/` or blank."
    )
    keep_queries: Annotated[bool, SETTING] = Field(False, description="Web: whether addresses keep what follows a `?`.")
    sitemaps: Annotated[bool, SETTING] = Field(
        True, description="Web: whether the sitemap of a host, where it has one, takes the place of following links."
    )
    watch_minutes: Annotated[float | None, SETTING] = Field(
        None, gt=0, le=100_000, description="Web: how often `sync --watch` looks again; never when absent."
    )
    allow_private: Annotated[tuple[str, ...], SETTING] = Field(
        (), description="Web: private networks it may connect to, e.g. 10.20.0.0/16; none besides the public internet when empty."
    )

    @field_validator("name")
    @classmethod
    def _plain(cls, name: str) -> str:
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", name):
            raise ValueError("use small letters, digits, - and _")
        if name == "uploads":
            raise ValueError("this is what documents that people upload are under; use another name")
        return name

    @field_validator("path")
    @classmethod
    def _of_files(cls, path: str, others: ValidationInfo) -> str:
        if others.data.get("kind") == "files" and not path:
            raise PydanticCustomError("missing", "a source of files has a path")
        return path

    @field_validator("urls")
    @classmethod
    def _of_web(cls, urls: tuple[str, ...], others: ValidationInfo) -> tuple[str, ...]:
        if others.data.get("kind") == "web" and not urls:
            raise ValueError('a source of kind "web" needs urls, e.g. urls = ["https://docs.example.org/"]')
        for url in urls:
            if not re.fullmatch(r"(?i)https?://[^\s/?#]{1,300}([/?#]\S{0,2000})?", url):
                raise ValueError(f"{url[:100]!r} is no address of the web; write it whole, e.g. https://docs.example.org/")
            if "@" in urlsplit(url).netloc:
                raise ValueError("an address must not hold a user or password; only what anybody may read is fetched")
        return urls

    @field_validator("user_agent")
    @classmethod
    def _one_line(cls, agent: str) -> str:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,60}([/ ][ -~]{0,200})?", agent):
            raise ValueError("begin with one word of letters, e.g. AcmeDocs/1.0 (+https://acme.example)")
        return agent

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        strange = sorted(self.model_fields_set & (_OF_WEB if self.kind == "files" else _OF_FILES))
        if strange and self.kind == "files":
            raise ValueError(f'{strange[0]} is for web sites; write kind = "web" in source {self.name!r}, or remove it')
        if strange:
            raise ValueError(
                f'{strange[0]} is for folders; source {self.name!r} is a web site, so remove it, or write kind = "files"'
            )
        return self


class UploadsSection(Section):
    owner: Annotated[str, SETTING] = Field("", description="Who answers for what people upload; an audit asks for that.")
    personal_data: Annotated[PersonalData, SETTING] = Field("allow", description=_PERSONAL_DATA)
    personal_data_for: Annotated[tuple[str, ...], SETTING] = Field((), description=_PERSONAL_DATA_FOR)
