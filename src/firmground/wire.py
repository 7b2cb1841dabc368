"""The only file that knows concrete adapters: it turns a workspace on disk into an `App`."""

import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType

from firmground.errors import InvalidSettings, OutsideFailed
from firmground.ports import Clock, Database, Embedder, Jobs, Parser, SearchIndex, Source
from firmground.release.spec import ReleaseSpec, candidate
from firmground.settings import Settings, Workspace, find_workspace, load_workspace

DEFAULT_MODEL = "all-MiniLM-L6-v2"


def open_workspace(directory: Path | None = None) -> "Wired":
    """The workspace at `directory`, or the one the current directory is in. Use it as a context manager: it closes what it opened."""
    return Wired(load_workspace(find_workspace(directory)))


def model_directory() -> Path:
    """Where models are kept: FIRMGROUND_MODEL_DIR, else beside the installation."""
    named = os.environ.get("FIRMGROUND_MODEL_DIR")
    return Path(named) if named else Path(sys.prefix) / "share" / "firmground" / "models"


def utc_now() -> datetime:
    return datetime.now(UTC)


class Wired:
    """An `App` on real adapters; each opens at its first use and closes with this."""

    def __init__(self, workspace: Workspace, clock: Clock = utc_now) -> None:
        self.workspace = workspace
        self.clock = clock
        self._closing = ExitStack()

    def __enter__(self) -> "Wired":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._closing.close()

    @cached_property
    def data(self) -> Path:
        data = self.workspace.data
        try:
            data.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise OutsideFailed(
                f"cannot make the data directory {data} ({error.strerror})", "free the place, or name another with FIRMGROUND_DATA"
            ) from None
        return data

    @cached_property
    def database(self) -> Database:
        from firmground.store.database import open_database

        database = open_database(self.workspace.settings.database.url, self.data)
        self._closing.callback(database.close)
        return database

    @cached_property
    def jobs(self) -> Jobs:
        from firmground.store.jobs import open_jobs

        jobs = open_jobs(self.data, self.workspace.settings.database.url)
        self._closing.callback(jobs.close)
        return jobs

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        from firmground.sources.files import FilesSource, Rule

        limit = self.workspace.settings.parsing.max_megabytes * 1_000_000
        return {
            source.name: FilesSource(
                source.name,
                self.workspace.source_path(source),
                include=source.include,
                exclude=source.exclude,
                groups=source.groups,
                rules=tuple(Rule(match=rule.match, groups=rule.groups, metadata=rule.metadata) for rule in source.rules),
                max_bytes=limit,
            )
            for source in self.workspace.settings.sources
        }

    @cached_property
    def parser(self) -> Parser:
        from firmground.sources.parse import SandboxedParser

        settings = self.workspace.settings.parsing
        parser = SandboxedParser(settings)
        self._closing.callback(parser.close)
        return parser

    @cached_property
    def embedder(self) -> Embedder:
        return open_embedder(self.workspace.root, self.workspace.settings)

    @cached_property
    def index(self) -> SearchIndex:
        from firmground.store.lance import open_lance

        url = self.workspace.settings.index.url
        place = str(self.data / "index") if url == "local" else url
        index = open_lance(place, self.candidate.build, self.embedder.id, self.embedder.dimension)
        self._closing.callback(index.close)
        return index

    @cached_property
    def candidate(self) -> ReleaseSpec:
        return candidate(self.workspace.settings, self.embedder.id)


def open_embedder(root: Path, settings: Settings) -> Embedder:
    """The embedder that `index.embedder` names: the default model, a local directory, or a model of a server under [models]."""
    name = settings.index.embedder
    if name == DEFAULT_MODEL:
        from firmground.models.onnx_embedder import OnnxEmbedder
        from firmground.models.weights import ensure_default_model

        return OnnxEmbedder(ensure_default_model(model_directory()))
    server, slash, model = name.partition("/")
    if slash and server in settings.models:
        from firmground.models.openai_embedder import OpenAIEmbedder

        place = settings.models[server]
        key = os.environ.get(place.api_key_env, "") if place.api_key_env else ""
        return OpenAIEmbedder(place.base_url, key, model)
    directory = (root / name).expanduser()
    if directory.is_dir():
        from firmground.models.onnx_embedder import OnnxEmbedder

        return OnnxEmbedder(directory)
    raise InvalidSettings(
        f"index.embedder names {name!r}, which is no known model",
        f"use {DEFAULT_MODEL}, a directory with a model, or <server>/<model> with the server under [models]",
    )
