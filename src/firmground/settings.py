"""Where things are, and what makes an answer: `firmground.toml`, read once and checked.

Every key is a *setting* (where things are: applies at restart, may be overridden by the environment) or a *recipe*
(could it change an answer? then it is frozen into releases and no environment variable touches it).
"""

import difflib
import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias, cast, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic.fields import FieldInfo

from firmground.errors import InvalidSettings, NotFound
from firmground.section import RECIPE as _RECIPE
from firmground.section import SETTING as _SETTING
from firmground.section import Mark as _Mark
from firmground.section import Section
from firmground.settings_guard import GuardSection
from firmground.settings_limits import LimitsSection
from firmground.settings_notifications import RouteSection
from firmground.settings_oidc import OidcSection, is_safe
from firmground.settings_personal import ConsentSection, RetentionSection
from firmground.settings_review import ReviewSection
from firmground.settings_sources import SourceSection, UploadsSection

FILE_NAME = "firmground.toml"
_ENVIRONMENT_PREFIX = "FIRMGROUND_"
_NOT_KEYS = frozenset(
    {"FIRMGROUND_DATA", "FIRMGROUND_WORKSPACE", "FIRMGROUND_MODEL_DIR", "FIRMGROUND_DEBUG", "FIRMGROUND_OWNER_FILE"}
)

_FILE = "_file"
"""Ends a variable that names a file with the value: for secrets."""

Kind: TypeAlias = Literal["setting", "recipe"]


class WorkspaceSection(Section):
    name: Annotated[str, _SETTING] = Field("", description="Name of this AI product; the folder's name when empty.")
    language: Annotated[Literal["en", "de"], _SETTING] = Field(
        "en", description="Of mails to whoever has chosen no language on the pages: en or de."
    )


class ParsingSection(Section):
    ocr: Annotated[bool, _SETTING] = Field(True, description="Recognise text in scans and pictures (needs tesseract data).")
    ocr_languages: Annotated[tuple[str, ...], _SETTING] = Field(("eng",), description="Tesseract language codes.")
    max_megabytes: Annotated[int, _SETTING] = Field(100, gt=0, le=2000, description="Larger files fail with limit_exceeded.")
    max_seconds: Annotated[int, _SETTING] = Field(30, gt=0, le=3600, description="A file that takes longer fails with timeout.")
    max_memory_megabytes: Annotated[int, _SETTING] = Field(1500, ge=256, description="Address space of the parsing child.")
    workers: Annotated[int, _SETTING] = Field(2, ge=1, le=64, description="Parsing processes at once.")


class QualitySection(Section):
    stale_after_days: Annotated[int, _SETTING] = Field(730, gt=0, description="Older documents are reported as stale.")


class IndexSection(Section):
    url: Annotated[str, _SETTING] = Field("local", description="`local`, or the location of the index.")
    embedder: Annotated[str, _RECIPE] = Field(
        "all-MiniLM-L6-v2",
        description="`all-MiniLM-L6-v2`, a local model directory, or `<server>/<model>` of a server under [models].",
    )
    embedder_languages: Annotated[tuple[str, ...] | None, _RECIPE] = Field(
        None, description="Languages (ISO 639-1) that another embedder than the default was trained for; many when absent."
    )
    chunk_tokens: Annotated[int | None, _RECIPE] = Field(
        None,
        ge=32,
        le=2000,
        description="Upper size of a chunk in tokens, its context included; the measured default when absent.",
    )


class RetrievalSection(Section):
    dense_weight: Annotated[float | None, _RECIPE] = Field(
        None, ge=0, le=1, description="Share of vector search in the fused score; the measured default when absent."
    )
    dense_weight_by_language: Annotated[dict[str, float], _RECIPE] = Field(
        {}, description="The same for questions in one language (ISO 639-1)."
    )
    candidates: Annotated[int, _RECIPE] = Field(100, ge=10, le=1000, description="Chunks taken from each retriever.")
    passages: Annotated[int, _RECIPE] = Field(8, ge=1, le=50, description="Passages an answer may rest on.")


class AnswerSection(Section):
    model: Annotated[str, _RECIPE] = Field(
        "extractive",
        min_length=1,
        description="`extractive`: verbatim sentences, no language model; or `<server>/<model>` with the server under [models].",
    )
    fallbacks: Annotated[tuple[str, ...], _RECIPE] = Field(
        (), description="Models tried in order when the one before fails; `extractive` is always last."
    )
    strong_model: Annotated[str, _RECIPE] = Field(
        "",
        description="A dearer model: asked first where the confidence is low, and again where an answer of `model` does not hold.",
    )
    strong_below: Annotated[float, _RECIPE] = Field(
        0.75, ge=0, le=1, description="The confidence below which `strong_model` is asked."
    )
    prompt: Annotated[str, _RECIPE] = Field("prompts/answer.md", description="The prompt; its content is part of the release.")
    temperature: Annotated[float, _RECIPE] = Field(0.0, ge=0, le=2, description="Of the model.")
    max_evidence_tokens: Annotated[int, _RECIPE] = Field(3000, ge=100, description="Tokens of passages in the prompt.")
    max_output_tokens: Annotated[int, _RECIPE] = Field(700, ge=16, description="Tokens a model may write for one answer.")
    budget_usd: Annotated[float | None, _RECIPE] = Field(
        None,
        ge=0,
        description="What the models may cost for one answer; a call that could cost more is not made. No limit when absent.",
    )
    judge: Annotated[str, _RECIPE] = Field("", description="A model, `<server>/<model>`, that checks each sentence as well.")
    on_mismatch: Annotated[Literal["drop", "draft"], _RECIPE] = Field(
        "drop",
        description="What becomes of a sentence that its passages do not bear out after one repair: left out, or the answer held as draft.",
    )
    max_sentences: Annotated[int, _RECIPE] = Field(3, ge=1, le=10, description="Sentences in an extractive answer.")
    threshold: Annotated[float | None, _RECIPE] = Field(
        None,
        ge=0,
        le=1,
        description="Confidence below which the answer is the refusal; what calibration found, or the shipped default, when absent.",
    )
    refusal: Annotated[str, _RECIPE] = Field(
        "I don't know. Your documents do not seem to answer this question.",
        min_length=1,
        description="The fixed text of an answer that is none.",
    )
    out_of_scope: Annotated[tuple[str, ...], _RECIPE] = Field(
        (), description="Questions, or topics, that this product must not answer, as examples in plain words."
    )
    out_of_scope_text: Annotated[str, _RECIPE] = Field(
        "This is outside of what I answer.", min_length=1, description="The fixed text for those."
    )
    history_tokens: Annotated[int, _RECIPE] = Field(
        1000,
        ge=0,
        description="Tokens of the conversation so far that a question is understood by; 0: each question stands alone.",
    )


class ModelServer(Section):
    base_url: Annotated[str, _SETTING] = Field(description="Any OpenAI-compatible server.")
    api_key_env: Annotated[str, _SETTING] = Field("", description="Environment variable that holds the key.")
    connect_seconds: Annotated[float, _SETTING] = Field(5.0, gt=0, le=600, description="Time for a connection.")
    read_seconds: Annotated[float, _SETTING] = Field(30.0, gt=0, le=3600, description="Time without a byte.")
    total_seconds: Annotated[float, _SETTING] = Field(60.0, gt=0, le=3600, description="Time for one answer, retries included.")
    retries: Annotated[int, _SETTING] = Field(2, ge=0, le=10, description="Repeats of a call of which nothing arrived.")
    structured: Annotated[Literal["auto", "never"], _SETTING] = Field(
        "auto", description="JSON-schema output: asked for until the server refuses it, or never."
    )


class Price(Section):
    """USD. Either per million tokens or, for a machine of your own, per hour."""

    input: Annotated[float | None, _SETTING] = Field(None, ge=0, description="USD per million tokens read.")
    output: Annotated[float | None, _SETTING] = Field(None, ge=0, description="USD per million tokens written.")
    hour: Annotated[float | None, _SETTING] = Field(
        None, ge=0, description="USD per hour of a machine of your own, while it answers."
    )


class DatabaseSection(Section):
    url: Annotated[str, _SETTING] = Field("sqlite", description="`sqlite`, or postgresql://…")


class LedgerSection(Section):
    webhook_secret_env: Annotated[str, _SETTING] = Field(
        "",
        description="Environment variable with the secret that anchors sent to a webhook are signed with; unsigned when empty.",
    )


class MailSection(Section):
    host: Annotated[str, _SETTING] = Field("", description="Server that takes mail; without it no mail is sent.")
    port: Annotated[int, _SETTING] = Field(587, ge=1, le=65535, description="Of that server.")
    security: Annotated[Literal["starttls", "tls", "none"], _SETTING] = Field(
        "starttls", description="How the connection is encrypted; `none` only for a server on the same machine."
    )
    sender: Annotated[str, _SETTING] = Field("", description="Address that mail comes from.")
    user: Annotated[str, _SETTING] = Field("", description="Account on the server, where it wants one.")
    password_env: Annotated[str, _SETTING] = Field("", description="Environment variable that holds the account's password.")


class ServeSection(Section):
    host: Annotated[str, _SETTING] = Field("127.0.0.1", description="Address to listen on; loopback until an owner exists.")
    port: Annotated[int, _SETTING] = Field(8420, ge=0, le=65535, description="Port to listen on.")
    url: Annotated[str, _SETTING] = Field(
        "", description="How people reach it, e.g. https://ask.example.org, where that is not the address it listens on."
    )
    hosts: Annotated[tuple[str, ...], _SETTING] = Field(
        (), description="Names by which it may be addressed once there are accounts; any when empty and there is no `url`."
    )
    proxies: Annotated[tuple[str, ...], _SETTING] = Field(
        (), description="Addresses of proxies in front of it, which are believed where a request comes from."
    )
    session_idle_hours: Annotated[float, _SETTING] = Field(
        72, gt=0, le=8760, description="Who does nothing for so long signs in again."
    )
    session_days: Annotated[float, _SETTING] = Field(30, gt=0, le=365, description="After which everybody signs in again.")
    max_question_characters: Annotated[int, _SETTING] = Field(4000, gt=0, description="Longer questions are refused.")
    answers_at_once: Annotated[int, _SETTING] = Field(
        64,
        ge=1,
        le=256,
        description="Answers that a process makes at the same time; with hundreds, SQLite cannot keep them all in time.",
    )
    answers_under_way: Annotated[int, _SETTING] = Field(
        512,
        ge=1,
        le=10_000,
        description="Answers that are made or wait for their turn; further questions are refused for a moment.",
    )
    person_answers_under_way: Annotated[int, _SETTING] = Field(
        16,
        ge=1,
        le=10_000,
        description="Of those, how many may be of one person, with all their keys, once there are accounts; more for a key by which a"
        " program asks for many people.",
    )
    widget_answers_under_way: Annotated[int, _SETTING] = Field(
        16,
        ge=1,
        le=10_000,
        description="Of those, how many may be for pages elsewhere by the same key, so that they leave room for people who sign in.",
    )
    cached_answers: Annotated[int, _SETTING] = Field(
        1000,
        ge=0,
        le=1_000_000,
        description="Answers a process keeps to give again to the same question and permissions; 0: none.",
    )

    @field_validator("url")
    @classmethod
    def _origin(cls, url: str) -> str:
        if url and not re.fullmatch(r"(?i)https?://[^\s/?#@]+/?", url):
            raise ValueError("write scheme and host, e.g. https://ask.example.org")
        return url.rstrip("/").lower()


class Settings(Section):
    """The whole file."""

    workspace: WorkspaceSection = WorkspaceSection.model_construct()
    sources: tuple[SourceSection, ...] = ()
    uploads: UploadsSection = UploadsSection.model_construct()
    parsing: ParsingSection = ParsingSection.model_construct()
    quality: QualitySection = QualitySection.model_construct()
    index: IndexSection = IndexSection.model_construct()
    retrieval: RetrievalSection = RetrievalSection.model_construct()
    answer: AnswerSection = AnswerSection.model_construct()
    guard: GuardSection = GuardSection.model_construct()
    review: ReviewSection = ReviewSection.model_construct()
    notifications: tuple[RouteSection, ...] = ()
    models: dict[str, ModelServer] = {}  # noqa: RUF012 - a value of pydantic
    prices: dict[str, Price] = {}  # noqa: RUF012 - a value of pydantic
    database: DatabaseSection = DatabaseSection.model_construct()
    ledger: LedgerSection = LedgerSection.model_construct()
    mail: MailSection = MailSection.model_construct()
    serve: ServeSection = ServeSection.model_construct()
    oidc: OidcSection = OidcSection.model_construct()
    limits: LimitsSection = LimitsSection.model_construct()
    consent: ConsentSection = ConsentSection.model_construct()
    retention: RetentionSection = RetentionSection.model_construct()

    @field_validator("oidc")
    @classmethod
    def _comes_back(cls, oidc: OidcSection, others: ValidationInfo) -> OidcSection:
        """Whoever was sent to the provider must come back to us, and to nobody who listens on the way."""
        serve = others.data.get("serve")
        if oidc.issuer and serve is not None and not is_safe(serve.url):
            raise ValueError("set url under [serve] to how people reach this server: https, or this machine while you try it out")
        return oidc

    @model_validator(mode="after")
    def _routes_can_be_taken(self) -> Self:
        names = [route.name for route in self.notifications]
        for route in self.notifications:
            if names.count(route.name) > 1:
                raise ValueError(f"two of [[notifications]] are named {route.name!r}; every one needs its own name")
            if route.channel == "mail" and not (self.mail.host and self.mail.sender):
                raise ValueError(f"{route.name} of [[notifications]] sends mail; set host and sender under [mail]")
        return self

    @field_validator("sources")
    @classmethod
    def _names_differ(cls, sources: tuple[SourceSection, ...]) -> tuple[SourceSection, ...]:
        names = [source.name for source in sources]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two sources are named {name!r}; every source needs its own name")
        return sources


class Workspace(BaseModel):
    """One AI product on disk: the directory that holds `firmground.toml`, and where its data lies."""

    model_config = ConfigDict(frozen=True)

    root: Path
    data: Path
    settings: Settings

    @property
    def name(self) -> str:
        return self.settings.workspace.name or self.root.name

    def source_path(self, source: SourceSection) -> Path:
        return (self.root / Path(source.path).expanduser()).absolute()


def find_workspace(start: Path | None = None, environment: Mapping[str, str] = os.environ) -> Path:
    """The directory of the workspace: `start`, else FIRMGROUND_WORKSPACE, else the nearest one at or above the current directory."""
    if start is None and (named := environment.get("FIRMGROUND_WORKSPACE")):
        start = Path(named)
    if start is not None:
        if not (start / FILE_NAME).is_file():
            raise NotFound(f"no {FILE_NAME} in {start}", f"make a workspace there with `firmground init {start}`")
        return start.absolute()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / FILE_NAME).is_file():
            return folder
    raise NotFound(
        f"no {FILE_NAME} here or above", "go to a workspace, name one with --workspace, or make one with `firmground init`"
    )


def load_workspace(root: Path, environment: Mapping[str, str] = os.environ) -> Workspace:
    """Read and check the workspace's settings. InvalidSettings names the key and, for an unknown one, the nearest known."""
    path = root / FILE_NAME
    if not path.exists():
        raise NotFound(f"no {FILE_NAME} in {root}", f"make a workspace there with `firmground init {root}`")
    settings = load_settings(path, environment)
    data = environment.get("FIRMGROUND_DATA")
    return Workspace(root=root, data=Path(data).absolute() if data else root / ".firmground", settings=settings)


def load_settings(path: Path, environment: Mapping[str, str]) -> Settings:
    """The same for one file, whatever it is called; keys that it leaves out are as they are by themselves."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidSettings(f"cannot read {path} ({error.strerror})", "check its path and permissions") from None
    except UnicodeDecodeError:
        raise InvalidSettings(f"{path} is not UTF-8", "save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise InvalidSettings(f"{path} is not valid TOML ({error})", "mend that line") from None
    overrides = _with_environment(content, environment)
    return _checked(content, path, overrides)


def keys() -> Iterator[tuple[str, Kind, FieldInfo]]:
    """Every key as (dotted name, setting or recipe, field): what the reference is generated from."""
    yield from _keys(Settings, "")


def recipe_keys(settings: Settings) -> dict[str, Any]:
    """The values that can change an answer, by dotted name."""
    values: dict[str, Any] = settings.model_dump(mode="json")
    found: dict[str, Any] = {}
    for name, kind, _ in keys():
        if kind == "recipe":
            section, _, key = name.partition(".")
            found[name.partition("[]")[0]] = values[section][key.partition("[]")[0]]
    return found


def _keys(section: type[BaseModel], prefix: str) -> Iterator[tuple[str, Kind, FieldInfo]]:
    for name, field in section.model_fields.items():
        nested = _section_in(field.annotation)
        if nested is not None:
            many = "[]." if get_origin(field.annotation) is tuple else ".<name>." if get_origin(field.annotation) is dict else "."
            yield from _keys(nested, f"{prefix}{name}{many}")
            continue
        marks = [mark for mark in field.metadata if isinstance(mark, _Mark)]
        yield f"{prefix}{name}", cast("Kind", str(marks[0])), field


def _section_in(annotation: Any) -> type[Section] | None:
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, Section):
            return candidate
    return None


def _with_environment(content: dict[str, Any], environment: Mapping[str, str]) -> dict[str, str]:
    """Put overrides into `content`; which variable decided which key."""
    known = {name: (kind, field) for name, kind, field in keys()}
    overrides: dict[str, str] = {}
    for variable, given in sorted(environment.items()):
        if not variable.startswith(_ENVIRONMENT_PREFIX) or variable in _NOT_KEYS:
            continue
        path = variable.removeprefix(_ENVIRONMENT_PREFIX).lower().split("__")
        if len(path) == 1 and path[0] not in Settings.model_fields:
            continue
        value = given
        if path[-1].endswith(_FILE) and _generic([*path[:-1], path[-1].removesuffix(_FILE)]) in known:
            path[-1], value = path[-1].removesuffix(_FILE), _content(variable, given)
        generic = _generic(path)
        if generic not in known:
            hint = _nearest(generic, [name for name in known if "[]" not in name]) or "see the settings reference"
            raise InvalidSettings(f"{variable} names no key that the environment may set", hint)
        kind, field = known[generic]
        if kind == "recipe":
            raise InvalidSettings(
                f"{variable} would change answers from outside the release", f"set {generic} in {FILE_NAME} instead"
            )
        section = content
        for part in path[:-1]:
            section = section.setdefault(part, {})
        section[path[-1]] = [part.strip() for part in value.split(",")] if get_origin(field.annotation) is tuple else value
        overrides[".".join(path)] = variable
    return overrides


def secret(variable: str, environment: Mapping[str, str] = os.environ) -> str:
    """The value of a variable, or what the file holds that `<variable>_FILE` names; empty where there is neither."""
    if variable and (named := environment.get(f"{variable}_FILE")):
        return _content(f"{variable}_FILE", named)
    return environment.get(variable, "") if variable else ""


def _content(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise InvalidSettings(
            f"{variable} names {path}, which cannot be read ({why})", "check the path and who may read it"
        ) from None


def _generic(path: list[str]) -> str:
    return ".".join(path if path[0] != "models" else [path[0], "<name>", *path[2:]])


def _checked(content: dict[str, Any], path: Path, overrides: Mapping[str, str]) -> Settings:
    try:
        return Settings.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where, named = ".".join(str(part) for part in first["loc"]), _named(first["loc"], content)
        if first["type"] == "extra_forbidden":
            known = _siblings(first["loc"])
            name = str(first["loc"][-1])
            hint = _elsewhere(name) or _nearest(name, known) or f"known keys: {', '.join(known)}"
            raise InvalidSettings(f"unknown key {named} in {path.name}", hint) from None
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        place = overrides.get(where) or (f"{named} in {path.name}" if named else path.name)
        wrong = "is missing" if first["type"] == "missing" else "cannot be used"
        raise InvalidSettings(f"{place} {wrong}{more}", _in_words(first)) from None


_ONE = {"sources": "source", "notifications": "route", "review.rules": "rule"}
"""What an entry of a list is called."""


def _named(location: Sequence[int | str], content: object) -> str:
    """Where something is, as a person finds it: an entry of a list by its name, or else by its number, counted from 1."""
    said, keys, inside = "", list[str](), content
    for part in location:
        inside = _inside(inside, part)
        if isinstance(part, str):
            keys.append(part)
            continue
        within, name = ".".join(keys), _inside(inside, "name")
        entry = f"entry {part + 1} of {within}"
        if within in _ONE and isinstance(name, str) and name.strip():
            entry = f"the {_ONE[within]} {json.dumps(name[:60], ensure_ascii=False)}"
        said, keys = f"{entry} of {said}" if said else entry, []
    return " of ".join(filter(None, [".".join(keys), said]))


def _inside(value: object, part: int | str) -> object:
    try:
        return cast("Any", value)[part]
    except (KeyError, IndexError, TypeError):
        return None


_EXAMPLES = {"name": "handbook", "path": "documents", "match": "hr/**", "base_url": "http://127.0.0.1:8000/v1"}
"""Of the keys that must be given."""
_WORDS = {
    "tuple_type": 'it must be a list, e.g. ["a"]',
    "int_": "it must be a whole number, e.g. 3",
    "float_": "it must be a number, e.g. 0.5",
    "bool_": "it must be true or false",
    "string_type": 'it must be text in quotes, e.g. "a"',
    "string_too_short": "it must not be empty",
    "greater_than_equal": "it must be at least {ge}",
    "greater_than": "it must be more than {gt}",
    "less_than_equal": "it must be at most {le}",
    "literal_error": "it must be {expected}",
}
"""What pydantic finds wrong, by the beginning of its type; the first that fits."""


def _in_words(error: Mapping[str, Any]) -> str:
    """What is wrong with a value, and an example of a good one."""
    location, kind = list(error["loc"]), str(error["type"])
    if not location or kind == "value_error":
        return str(error["msg"]).removeprefix("Value error, ")
    name = str(location[-1])
    if location[0] in {"sources", "notifications"} and len(location) <= 2:  # neither a list nor the tables in one
        return f"{location[0]} is a list: write [[{location[0]}]]"
    if kind == "missing":
        return f'add it, e.g. {name} = "{_EXAMPLES.get(name, "a")}"'
    if "metadata" in location:
        return "metadata holds text, numbers, true, false, and lists of these"
    if kind in {"model_type", "dict_type"}:
        return f"it is a section: write [{'.'.join(map(str, location))}]"
    fitting = (words.format(**error.get("ctx", {})) for begin, words in _WORDS.items() if kind.startswith(begin))
    return next(fitting, str(error["msg"]))


def _elsewhere(name: str) -> str:
    """Where a key of this name belongs, if one section has it."""
    at = [section for section, _, key in (key.rpartition(".") for key, _, _ in keys()) if key == name]
    if len(at) != 1:
        return ""
    return f"did you mean [[{at[0].replace('[]', '')}]] {name}?" if "[]" in at[0] else f"did you mean [{at[0]}] {name}?"


def _siblings(location: tuple[int | str, ...]) -> list[str]:
    section: type[BaseModel] = Settings
    for part in location[:-1]:
        field = section.model_fields.get(str(part))
        nested = _section_in(field.annotation) if field is not None else None
        section = nested or section
    return list(section.model_fields)


def _nearest(name: str, known: Mapping[str, object] | list[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else ""
