"""The only file that knows concrete adapters: it turns a workspace on disk into an `App`."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from firmground.app.app import App
from firmground.app.keeping.restoring import JOURNAL
from firmground.errors import FirmgroundError, InvalidInput, InvalidSettings, OutsideFailed, Refused
from firmground.gate.ledger import Anchor
from firmground.guard.logs import look_through
from firmground.identities import Provider
from firmground.language_model import Message, ModelCall, Tokens
from firmground.outbox import Mail, MailSender, WebhookSender
from firmground.ports import (
    Database,
    Embedder,
    Finder,
    Jobs,
    LanguageModel,
    PageRenderer,
    Parser,
    SearchIndex,
    Source,
    Uploads,
)
from firmground.settings import Settings, Workspace, find_workspace, load_workspace, secret
from firmground.settings_sources import SourceSection
from firmground.types import Check

if TYPE_CHECKING:
    from firmground.release.spec import ReleaseSpec

DEFAULT_MODEL = "all-MiniLM-L6-v2"


def open_workspace(directory: Path | None = None, *, cut_off: bool = False) -> App:
    """The workspace at `directory`, or the one the current directory is in. Refused where a restore was cut off, unless `cut_off`."""
    workspace = load_workspace(find_workspace(directory))
    if not cut_off and (workspace.data / JOURNAL).exists():
        raise Refused("a restore was cut off in this workspace", "run `firmground restore` with the same backup again")
    app = App(workspace, _Adapters(workspace), utc_now)
    look_through(lambda text: _forms(app).find(text))
    return app


def _forms(app: App) -> Finder:
    """What finds personal data by form alone: a model that knows names is too slow for every line of a log."""
    from firmground.guard.personal import Detector

    return app.once("forms", lambda: Detector.of(app.workspace.settings.guard))


def model_directory() -> Path:
    """Where models are kept: FIRMGROUND_MODEL_DIR, else beside the installation."""
    named = os.environ.get("FIRMGROUND_MODEL_DIR")
    return Path(named) if named else Path(sys.prefix) / "share" / "firmground" / "models"


def utc_now() -> datetime:
    return datetime.now(UTC)


class _Adapters:
    """Opens the real parts of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._settings = workspace.settings

    def database(self) -> Database:
        from firmground.store.database import open_database

        return open_database(self._settings.database.url, self._data())

    def jobs(self) -> Jobs:
        from firmground.store.jobs import open_jobs

        return open_jobs(self._data(), self._settings.database.url)

    def sources(self) -> Mapping[str, Source]:
        return {
            source.name: self._files(source) if source.kind == "files" else self._web(source) for source in self._settings.sources
        }

    def _files(self, source: SourceSection) -> Source:
        from firmground.sources.files import FilesSource, Rule

        return FilesSource(
            source.name,
            self._workspace.source_path(source),
            include=source.include,
            exclude=source.exclude,
            groups=source.groups,
            rules=tuple(Rule(match=rule.match, groups=rule.groups, metadata=rule.metadata) for rule in source.rules),
            max_bytes=self._settings.parsing.max_megabytes * 1_000_000,
        )

    def _web(self, source: SourceSection) -> Source:
        from firmground.sources.labels import Rule
        from firmground.sources.web.source import Manners, WebSource

        return WebSource(
            source.name,
            source.urls,
            self._data() / "web" / source.name,
            hosts=source.hosts,
            include=source.include,
            exclude=source.exclude,
            groups=source.groups,
            rules=tuple(Rule(match=rule.match, groups=rule.groups, metadata=rule.metadata) for rule in source.rules),
            allow_private=source.allow_private,
            manners=Manners(
                depth=source.depth,
                max_pages=source.max_pages,
                max_bytes=source.max_megabytes * 1_000_000,
                max_seconds=source.max_seconds,
                delay_seconds=source.delay_seconds,
                agent=source.user_agent,
                sitemaps=source.sitemaps,
                queries=source.keep_queries,
                poll_seconds=source.watch_minutes and source.watch_minutes * 60,
            ),
            max_bytes=self._settings.parsing.max_megabytes * 1_000_000,
        )

    def uploads(self) -> Uploads:
        from firmground.sources.uploads import UploadsSource

        return UploadsSource(self._workspace.data, max_bytes=self._settings.parsing.max_megabytes * 1_000_000)

    def parser(self) -> Parser:
        from firmground.sources.parse import SandboxedParser
        from firmground.sources.sandbox import Bounds

        limits = self._settings.parsing
        return SandboxedParser(
            workers=limits.workers,
            seconds=limits.max_seconds,
            ocr=limits.ocr,
            ocr_languages=limits.ocr_languages,
            ocr_seconds=10 * limits.max_seconds,
            max_bytes=limits.max_megabytes * 1_000_000,
            bounds=Bounds(memory=limits.max_memory_megabytes * 1_000_000),
        )

    def finder(self) -> Finder:
        from firmground.guard.personal import Detector
        from firmground.guard.redaction import PLACEHOLDER

        guard = self._settings.guard
        forms = Detector.of(guard)
        if guard.names == "off":
            return forms
        from firmground.models.presidio import PresidioFinder

        folder = self._workspace.root / guard.names_model
        model = str(folder) if folder.is_dir() else guard.names_model
        return PresidioFinder(forms, model, untouched=PLACEHOLDER, kinds=guard.kinds)

    def renderer(self) -> PageRenderer:
        from firmground.sources.pictures import SandboxedRenderer
        from firmground.sources.sandbox import Bounds

        limits = self._settings.parsing
        return SandboxedRenderer(
            max_bytes=limits.max_megabytes * 1_000_000, bounds=Bounds(memory=limits.max_memory_megabytes * 1_000_000)
        )

    def embedder(self) -> Embedder:
        return open_embedder(self._workspace.root, self._settings)

    def embedder_named(self, name: str, languages: Sequence[str] | None) -> Embedder:
        index = self._settings.index.model_copy(update={"embedder": name, "embedder_languages": languages})
        return open_embedder(self._workspace.root, self._settings.model_copy(update={"index": index}))

    def model(self, name: str) -> LanguageModel:
        from importlib import import_module

        from firmground.models.breaker import Breaker
        from firmground.models.openai_model import OpenAIModel
        from firmground.models.prices import Prices

        import_module("openai")  # most of a second, which the first answer should not take
        server, slash, model = name.partition("/")
        if not slash or not model or server not in self._settings.models:
            raise InvalidSettings(
                f"{name!r} names no model of a server under [models]",
                f"write <server>/<model> and add [models.{server or 'local'}] with its base_url, or use extractive",
            )
        place = self._settings.models[server]
        model_there = OpenAIModel(
            name,
            place.base_url,
            secret(place.api_key_env),
            model,
            connect_seconds=place.connect_seconds,
            read_seconds=place.read_seconds,
            total_seconds=place.total_seconds,
            retries=place.retries,
            structured=place.structured,
            prices=Prices(self._settings.prices),
            key_variable=place.api_key_env,
        )
        return Breaker(model_there)

    def provider(self) -> Provider:
        from firmground.identity.provider import OpenIDProvider

        return OpenIDProvider(self._settings.oidc, utc_now)

    def mail(self) -> MailSender:
        from firmground.sending.mail import SmtpMail

        return SmtpMail(self._settings.mail)

    def webhooks(self) -> WebhookSender:
        from firmground.sending.webhook import Webhooks

        return Webhooks()

    def index(self, recipe: "ReleaseSpec", dimension: int) -> SearchIndex:
        from firmground.store.lance import open_lance

        return open_lance(self._index_place(), recipe.build, recipe.embedder, dimension)

    def drop_index(self, build: str) -> None:
        from firmground.store.lance import drop_lance

        drop_lance(self._index_place(), build)

    def beside(self, workspace: Workspace) -> "_Adapters":
        return _Adapters(workspace)

    def _index_place(self) -> str:
        url = self._settings.index.url
        return str(self._data() / "index") if url == "local" else url

    def _data(self) -> Path:
        data = self._workspace.data
        try:
            data.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise OutsideFailed(
                f"cannot make the data directory {data} ({error.strerror})",
                "free the place, or name another with FIRMGROUND_DATA",
            ) from None
        return data


def open_embedder(root: Path, settings: Settings) -> Embedder:
    """The embedder that `index.embedder` names: the default model, a local directory, or a model of a server under [models]."""
    name = settings.index.embedder
    languages = None if settings.index.embedder_languages is None else frozenset(settings.index.embedder_languages)
    if name == DEFAULT_MODEL:
        from firmground.models.onnx_embedder import OnnxEmbedder
        from firmground.models.weights import ensure_default_model

        return OnnxEmbedder(ensure_default_model(model_directory()))
    server, slash, model = name.partition("/")
    if slash and server in settings.models:
        from firmground.models.openai_embedder import OpenAIEmbedder

        place = settings.models[server]
        return OpenAIEmbedder(place.base_url, secret(place.api_key_env), model, languages=languages)
    directory = (root / name).expanduser()
    if directory.is_dir():
        from firmground.models.onnx_embedder import OnnxEmbedder

        return OnnxEmbedder(directory, languages=languages)
    raise InvalidSettings(
        f"index.embedder names {name!r}, which is no known model",
        f"use {DEFAULT_MODEL}, a directory with a model, or <server>/<model> with the server under [models]",
    )


def anchor_place(
    app: App, *, file: Path | None = None, mail: str = "", webhook: str = ""
) -> tuple[str, str, Callable[[Anchor, str], None]]:
    """Where an anchor of the ledger goes: what kind of place, its name, and what puts it there. InvalidInput unless it is one place that
    can be one."""
    from firmground.sending.webhook import host_of
    from firmground.store import anchors

    if [file is not None, bool(mail), bool(webhook)].count(True) != 1:
        raise InvalidInput("an anchor goes to one place", "give one of --file PATH, --mail ADDRESS, --webhook URL")
    if file is not None:
        return "file", str(file), lambda anchor, _: anchors.to_file(file, anchor.line)
    if mail:
        app.mail.check(mail)
        return "mail", mail, lambda anchor, name: app.mail.send(_mailed(anchor, name, mail, app.clock()))
    named = app.workspace.settings.ledger.webhook_secret_env

    def post(anchor: Anchor, _: str) -> None:
        key = secret(named)
        if named and not key:
            raise InvalidSettings(f"webhook_secret_env names {named}, which is not set", f"set {named}")
        app.webhooks.send(webhook, anchor.line.encode(), id=anchor.digest, at=app.clock(), key=key)

    return "webhook", host_of(webhook), post


def _mailed(anchor: Anchor, name: str, to: str, at: datetime) -> Mail:
    text = f"Keep this mail: `firmground ledger verify --anchor FILE` reads it from a file.\n\n{anchor.line}\n"
    return Mail(id=anchor.digest, to=to, subject=f"Ledger of {name}: {anchor.number}", text=text, at=at)


def component_checks(app: App) -> list[Callable[[], Check]]:
    """What only the concrete adapters can say of themselves, for `firmground doctor`."""
    models = [lambda name=name: _check_language_model(app, name) for name in sorted(_models_of(app))]
    keys = [lambda check=check: check for check in _missing_keys(app)]
    providers = [lambda: check_provider(app)] if app.workspace.settings.oidc.issuer else []
    return [
        lambda: _check_model(app),
        *keys,
        *providers,
        *models,
        _check_parser,
        lambda: _check_recognition(app),
        _check_versions,
    ]


def _check_model(app: App) -> Check:
    from firmground.models.weights import model_status

    name = app.workspace.settings.index.embedder
    if name != DEFAULT_MODEL:
        return Check(name="model", state="ok", detail=f"{name}, id {app.embedder.id[:12]}")
    status = model_status(model_directory())
    detail = f"{status.name} in {status.directory}" + (f": {status.problem}" if status.problem else "")
    return Check(name="model", state="error" if status.problem else "ok", detail=detail, remedy=status.remedy)


def _missing_keys(app: App) -> list[Check]:
    """Of servers whose key should be in a variable that is not set."""
    return [
        Check(
            name="key",
            state="warning",
            detail=f"api_key_env of [models.{server}] names {place.api_key_env}, which is not set",
            remedy=f"set {place.api_key_env}, or take api_key_env out where the server wants no key",
        )
        for server, place in app.workspace.settings.models.items()
        if place.api_key_env and not secret(place.api_key_env)
    ]


def _models_of(app: App) -> set[str]:
    answer = app.workspace.settings.answer
    return {answer.model, *answer.fallbacks, answer.strong_model, answer.judge} - {"", "extractive"}


def _check_language_model(app: App, name: str) -> Check:
    """Whether it answers the shortest of questions."""
    try:
        said = app.model(name).stream(ModelCall(messages=(Message(role="user", text="Say yes."),), max_output_tokens=16))
        tokens = next((delta.tokens for delta in said if delta.tokens is not None), Tokens())
        cost = app.model(name).cost(tokens)
    except FirmgroundError as error:
        return Check(name="language model", state="error", detail=f"{name}: {error.problem}", remedy=error.remedy)
    price = "its price is not known" if cost is None else f"that cost ${cost:.6f}"
    return Check(
        name="language model",
        state="ok" if cost is not None else "warning",
        detail=f"{name} answers; {price}",
        remedy="" if cost is not None else f'add [prices."{name}"] to count what answers cost',
    )


def check_provider(app: App) -> Check:
    """Whether people can be sent there."""
    settings = app.workspace.settings.oidc
    if settings.client_secret_env and not secret(settings.client_secret_env):
        detail = f"client_secret_env under [oidc] names {settings.client_secret_env}, which is not set"
        return Check(name="sign-in", state="error", detail=detail, remedy=f"set {settings.client_secret_env}")
    try:
        app.provider.address(state="", nonce="", verifier="", back="")
    except FirmgroundError as error:
        return Check(name="sign-in", state="error", detail=error.problem, remedy=error.remedy)
    return Check(name="sign-in", state="ok", detail=f"{settings.issuer} answers as itself")


def _check_parser() -> Check:
    from firmground.sources.sandbox import sandbox_report

    report = sandbox_report()
    return Check(name="parser", state="ok", detail=", ".join(f"{what}: {how}" for what, how in report.items()))


def _check_recognition(app: App) -> Check:
    from firmground.sources.parse import missing_recognition_data, tessdata

    parsing = app.workspace.settings.parsing
    if not parsing.ocr:
        return Check(name="recognition", state="ok", detail="switched off: scans and pictures are not read")
    missing = missing_recognition_data(parsing.ocr_languages)
    if not missing:
        return Check(name="recognition", state="ok", detail=f"{', '.join(parsing.ocr_languages)} in {tessdata()}")
    packages = " ".join(f"tesseract-ocr-{name.replace('_', '-')}" for name in missing)
    return Check(
        name="recognition",
        state="warning",
        detail=f"scans cannot be read: no data for {', '.join(missing)}",
        remedy=f"install {packages}, or switch ocr off under [parsing]",
    )


def _check_versions() -> Check:
    from importlib.metadata import version

    parts = ("firmground", "lancedb", "onnxruntime", "sqlalchemy", "xberg")
    return Check(name="versions", state="ok", detail=", ".join(f"{part} {version(part)}" for part in parts))
