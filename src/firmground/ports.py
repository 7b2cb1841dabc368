"""Every plug-in point, named by role. Adapters (named by technology) live in `sources/`, `store/` and `models/`;
only `wire.py` knows them. Each port has a contract suite in `firmground.testing` that an adapter must pass.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TypeAlias, runtime_checkable

from firmground.accounts import Credentials
from firmground.identities import SignIns
from firmground.language_model import Delta, ModelCall, Tokens, Verification
from firmground.ledger import Head, Record
from firmground.lessons import Lessons
from firmground.outbox import Outbox
from firmground.people import People
from firmground.personal import PersonalData
from firmground.redaction import HiddenValues
from firmground.reviews import Reviews
from firmground.types import (
    Chunk,
    Document,
    DocumentState,
    Feedback,
    Finding,
    Hit,
    IndexRow,
    IndexStats,
    Job,
    Json,
    Parsed,
    Picture,
    ReviewRequest,
    Scalar,
    SourceFile,
    Span,
    Trace,
    Within,
)
from firmground.usage import Budgets

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Vectors: TypeAlias = "NDArray[np.float32]"
Filter: TypeAlias = Scalar | Sequence[Scalar] | Mapping[str, Scalar]
Filters: TypeAlias = Mapping[str, Filter]
"""A value (equal), a list (any of them), or a range: `{"from": …, "to": …}`, both ends included, either may be missing.
Keys are `source`, `uri`, `title`, `language`, `media_type`, `modified` (ISO date) or any metadata key of a document."""


class Clock(Protocol):
    """Wall time, timezone-aware, UTC."""

    def __call__(self) -> datetime: ...


class Source(Protocol):
    """A place documents come from."""

    @property
    def name(self) -> str: ...

    def files(self) -> Iterator[SourceFile]:
        """Everything it holds now, each uri once, in a stable order. Reads no content. OutsideFailed where the place itself is
        missing or unreadable: an absent folder must never look like an empty one."""
        ...

    def read(self, file: SourceFile) -> bytes:
        """The content as of one moment. ParseFailed `unreadable`, `limit_exceeded` or `changed_while_reading`."""
        ...

    def said(self, uri: str) -> list[tuple[str, tuple[str, ...]]]:
        """Who has a say about which groups may see this file, as it stands now, and what each says: the first allows, the others narrow.
        Empty where there is no such file."""
        ...

    def problems(self) -> tuple[tuple[str, str, str], ...]:
        """What the last `files()` could not list: (uri, code, detail), e.g. an unreadable folder or a link that loops."""
        ...

    def watch(self, stop: threading.Event) -> Iterator[frozenset[str]]:
        """The uris that may have changed since this returned, changes close together as one item. Ends when `stop` is set; a source
        that cannot tell ends at once."""
        ...


@runtime_checkable
class RemoteSource(Source, Protocol):
    """A source that is asked over the network, so that listing it takes long."""

    def reach(self) -> None:
        """Ask whether it is there, and for nothing else. OutsideFailed."""
        ...

    def let_go(self) -> None:
        """Nothing will be read any more as it was listed: what was fetched for that, and not read, is deleted."""
        ...


class Finder(Protocol):
    """Finds personal data in text."""

    @property
    def id(self) -> str:
        """Changes with what it finds: documents that were read by another are read anew."""
        ...

    def find(self, text: str) -> list[Span]:
        """In order, without overlaps; kinds as in `Span`. Linear in the length of the text."""
        ...


class Arriving(Protocol):
    """One file that is being uploaded. Nobody sees anything of it before it is kept, and nothing is left of it if it never is."""

    def write(self, part: bytes) -> None:
        """InvalidInput once it is too large; StorageFull."""
        ...

    def keep(self, name: str, groups: Sequence[str] | None, *, replace: bool = True) -> bool:
        """It is complete: from now on it is a file of the source, and on the disk. `groups` may see it (none: administrators only); with
        None those who could see the one it replaces. Whether it replaced one; Refused where that is not wanted."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...


class Uploads(Source, Protocol):
    """The source of what people gave to the workspace itself; its files are the workspace's own. Several processes may use it at once."""

    def exists(self) -> bool:
        """Whether anything was ever uploaded."""
        ...

    def named(self, name: str) -> str:
        """The uri that an upload of this name has. InvalidInput for a name that no document can have."""
        ...

    def holds(self, uri: str) -> bool: ...

    def receive(self) -> Arriving:
        """Begin to take one in; a context manager."""
        ...

    def remove(self, uri: str) -> None:
        """Delete the file, and what was said of it. Nothing where there is none."""
        ...

    def alone(self) -> AbstractContextManager[None]:
        """Nobody else takes in or removes anything meanwhile."""
        ...


class Parser(Protocol):
    """Turns the bytes of one file into Markdown text. Runs hostile input where it can do no harm."""

    @property
    def id(self) -> str:
        """Digest of parser, version and settings: a changed parser means that files are parsed again."""
        ...

    def parse(self, uri: str, content: bytes) -> Parsed:
        """ParseFailed with a ParseCode where no text can be had. Thread-safe: called from several threads at once."""
        ...

    def close(self) -> None: ...


class PageRenderer(Protocol):
    """Draws pages of originals. Runs hostile input where it can do no harm."""

    def render(self, content: bytes, page: int, *, quote: str = "", width: int) -> Picture:
        """Page `page` (from 1) about `width` pixels wide, at most four million pixels in all, with `quote` marked where it is found.

        NotFound where there is no such page; ParseFailed with a ParseCode where the file cannot be drawn. Of a PNG or JPEG picture, which
        may be a scan, page 1 is the picture itself. Thread-safe.
        """
        ...

    def close(self) -> None: ...


class Embedder(Protocol):
    """Turns text into unit vectors; equal text gives equal vectors, alone or in any batch (cosine ≥ 0.9999)."""

    @property
    def id(self) -> str:
        """Digest of weights and settings; an index built with another id is refused."""
        ...

    @property
    def dimension(self) -> int: ...

    @property
    def languages(self) -> frozenset[str] | None:
        """ISO 639-1 codes it was trained for; None: many."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dimension), float32, rows of length 1. Longer texts are cut at the model's limit."""
        ...


class LanguageModel(Protocol):
    """Writes text. Nothing it says reaches a reader unchecked."""

    @property
    def name(self) -> str:
        """`<server>/<model>`, as settings and releases name it."""
        ...

    @property
    def structured(self) -> bool:
        """Whether it keeps to a JSON schema. May turn False when the server refuses the first one."""
        ...

    def count(self, text: str) -> int:
        """Tokens that `text` takes: an estimate that rather counts too many."""
        ...

    def cost(self, tokens: Tokens, seconds: float = 0.0) -> float | None:
        """USD for one call that took so long; None where the price is not known."""
        ...

    def stream(self, call: ModelCall, *, cancelled: Callable[[], bool] = lambda: False) -> Iterator[Delta]:
        """What it says, piece by piece, the last with `tokens` and `finish`. ModelFailed, also in the middle. `cancelled` is looked at
        at least every quarter of a second, also while nothing arrives: then the connection is closed and ModelFailed(cancelled)
        raised. A call is repeated only as long as nothing of it has arrived. Thread-safe."""
        ...

    def close(self) -> None: ...


class Verifier(Protocol):
    """A second opinion on one sentence: a judge model or a local classifier."""

    @property
    def name(self) -> str: ...

    def cost(self, claim: str, passages: Sequence[str]) -> float | None:
        """The most that verifying this can cost, in USD; None where that is not known."""
        ...

    def most(self, claim: str, passages: Sequence[str]) -> Tokens:
        """The most tokens that verifying this can take."""
        ...

    def verify(self, claim: str, passages: Sequence[str], *, cancelled: Callable[[], bool] = lambda: False) -> Verification:
        """Whether `passages` together support the claim. `unclear` where it cannot tell; ModelFailed where it gave no answer."""
        ...


class SearchIndex(Protocol):
    """BM25 and vectors over chunks, under permissions. Derived data: it can be dropped and rebuilt from the database."""

    def apply(self, rows: Sequence[IndexRow], vectors: Vectors, *, replaces: Collection[int]) -> None:
        """In one atomic step: all rows of the documents in `replaces` vanish and `rows` appear. Doing it twice changes nothing."""
        ...

    def rescope(self, scopes: Mapping[int, int]) -> None:
        """Document number → its new scope. Vectors are kept as they are."""
        ...

    def vectors(self, contents: Collection[str]) -> "dict[str, NDArray[np.float32]]":
        """Vectors already stored for these content digests (see IndexRow.content); absent ones are left out."""
        ...

    def search(self, terms: Sequence[str], vector: "NDArray[np.float32] | None", *, limit: int, within: Within) -> list[Hit]:
        """The union of the `limit` best by BM25 over `terms` and the `limit` best by cosine to `vector`, each hit with both scores
        (0.0 lexical where no term matches; None where a side was not asked: no terms, no vector). No particular order."""
        ...

    def documents(self) -> dict[int, int]:
        """Document number → number of its rows."""
        ...

    def maintain(self, *, force: bool = False) -> bool:
        """Bring text and vector indexes up to date when enough rows are not covered; True if it did something."""
        ...

    def purge(self) -> None:
        """Physically remove what was replaced or removed: afterwards no file of the index holds it. Searches go on meanwhile."""
        ...

    def stats(self) -> IndexStats: ...

    def close(self) -> None: ...


class Transaction(People, Credentials, SignIns, PersonalData, HiddenValues, Reviews, Lessons, Outbox, Budgets, Record, Protocol):
    """One unit of work on the database: what is done in it happens entirely or not at all."""

    # scopes: interned sets of groups
    def scope(self, groups: Collection[str]) -> int:
        """The number of this set of groups; the same set always has the same number. Unknown groups are created."""
        ...

    def visible_scopes(self, groups: Collection[str]) -> frozenset[int]:
        """Scopes that at least one of these groups may see."""
        ...

    # documents
    def document(self, id: str) -> Document | None: ...
    def find_document(self, reference: str) -> Document:
        """By id, unambiguous id prefix, `source/uri`, or a uri that only one source has. NotFound; InvalidInput if ambiguous."""
        ...

    def documents_named(self, ids: Collection[str]) -> dict[str, Document]:
        """By id; those there are."""
        ...

    def documents_numbered(self, numbers: Collection[int]) -> dict[int, Document]: ...
    def documents_at(self, source: str, uris: Collection[str]) -> list[Document]:
        """Those of a source that stand there, in no order; not removed ones."""
        ...

    def documents(
        self,
        *,
        source: str | None = None,
        state: DocumentState | None = None,
        language: str | None = None,
        scopes: Collection[int] | None = None,
        after: str = "",
        limit: int | None = None,
    ) -> list[Document]:
        """Ordered by source and uri, those after the key `source/uri`; removed ones only when asked for; of `scopes` only, if given."""
        ...

    def document_counts(self, scopes: Collection[int] | None = None) -> dict[tuple[str, DocumentState, str], int]:
        """How many documents there are of each source, state and language; removed ones left out; of `scopes` only, if given."""
        ...

    def save_document(self, document: Document, text: str | None = None, spans: Sequence[Span] | None = None) -> Document:
        """Insert (number 0: a number is given) or update by id. With `text`, the text and spans are replaced, and what its
        placeholders stood for is gone. `groups` decides the scope. The revision grows when text, title, scope or state differ
        from what is stored; the corpus version grows with it."""
        ...

    def remove_documents(self, ids: Collection[str]) -> None:
        """They become `removed`: text, title, spans and metadata are erased at once; the row stays until every build let go of it."""
        ...

    def text(self, number: int) -> str:
        """The whole text; empty where there is none."""
        ...

    def slices(self, spans: Sequence[tuple[int, int, int]]) -> list[str]:
        """`text[start:end]` for each (document number, start, end), in order."""
        ...

    def spans(self, number: int) -> list[Span]: ...

    def documents_matching(self, filters: Filters) -> Within:
        """The documents that match all filters, as the shorter of a list and its complement. InvalidInput names a bad filter.
        Unknown keys match nothing."""
        ...

    def metadata_keys(self, scopes: Collection[int] | None = None, *, among: Collection[str] | None = None) -> frozenset[str]:
        """Metadata keys that indexed documents have: those of `scopes` (None: any), `among` these. Quick where `among` is given."""
        ...

    def corpus_version(self) -> int: ...

    # builds: what one index (chunking × embedder) has taken in
    def stale_documents(self, build: str, *, limit: int) -> list[Document]:
        """Documents whose revision this build has not taken in (removed and no longer indexed ones too), lowest number first."""
        ...

    def save_chunks(self, build: str, document: int, revision: int, chunks: Sequence[Chunk]) -> None:
        """This build now holds `chunks` of the document as of `revision`. Rows of removed documents vanish when no build needs them."""
        ...

    def chunks(self, build: str, ids: Collection[str]) -> dict[str, Chunk]: ...
    def chunks_around(self, build: str, wanted: Collection[tuple[int, int]]) -> list[Chunk]:
        """Chunks by (document number, ordinal); absent ones are left out."""
        ...

    def document_chunks(self, build: str, document: int) -> list[Chunk]:
        """All chunks of one document, in order."""
        ...

    def chunk_count(self, build: str, source: str | None = None) -> int: ...

    def builds(self) -> list[str]:
        """Names of all builds that have taken something in."""
        ...

    def drop_build(self, build: str) -> None:
        """Forget what a build has taken in. Its index is dropped first, by the caller."""
        ...

    # sync reports and quality
    def save_report(self, source: str, report: Json, findings: Sequence[Finding]) -> None:
        """The latest report of a source replaces the one before."""
        ...

    def report(self, source: str) -> tuple[Json, list[Finding]] | None: ...

    # traces: what was answered
    def save_trace(self, trace: Trace) -> None:
        """Insert, or replace the one with the answer's id. It is found by every document it holds words of, tombstones aside, and
        by those that an answer of its context is found by now, unless something of it is `erased`: then that is gone as well."""
        ...

    def trace(self, id: str) -> Trace | None: ...

    def find_trace(self, reference: str, *, person: str | None = None) -> Trace:
        """By id or unambiguous prefix, among those of `person` (None: anybody's). NotFound; InvalidInput if ambiguous."""
        ...

    def traces(
        self, *, person: str | None = None, but: str = "", conversation: str | None = None, before: str = "", limit: int = 100
    ) -> list[Trace]:
        """Newest first, those older than the answer id `before`; none of the person `but`. One that cannot be read, since a newer program
        wrote it, is left out and named in the log."""
        ...

    def latest_trace(self, person: str) -> str:
        """Id of this person's newest answer; empty where there is none."""
        ...

    def traces_of(self, documents: Collection[str], *, person: str | None = None, before: str = "", limit: int) -> list[Trace]:
        """Those that are found by one of these documents (ids, or addresses `source/uri` of passages' `also` and of notices), newest
        first, those older than the answer id `before`; of one person only, if given."""
        ...

    def drop_traces(self, ids: Collection[str]) -> None: ...

    # what people say of answers; all of it goes when the answer does
    def save_feedback(self, feedback: Feedback) -> None:
        """Insert, or replace what this person said of this answer before."""
        ...

    def drop_feedback(self, answer: str, person: str) -> None: ...

    def feedback(self, answer: str) -> list[Feedback]:
        """Everybody's, oldest first."""
        ...

    def save_review(self, review: ReviewRequest) -> None:
        """Insert, or replace the one with its id."""
        ...

    def reviews(self, answers: Collection[str]) -> list[ReviewRequest]:
        """Of these answers, oldest first."""
        ...

    def drop_comments(self, answers: Collection[str]) -> None:
        """Comments of thumbs and notes of requests become empty, but those of people under a hold: they may quote what the answers rest
        on."""
        ...

    def share(self, answer: str, person: str, at: datetime) -> None:
        """Signed-in people who may see what the answer rests on may see it from now on. Twice changes nothing."""
        ...

    def unshare(self, answer: str) -> None: ...
    def shared(self, answer: str) -> bool: ...
    def all_shared(self) -> set[str]:
        """Ids of answers."""
        ...

    # small durable facts (signatures of duplicates, state of a plan): JSON by namespace and key
    def put_fact(self, namespace: str, key: str, value: Json) -> None: ...
    def fact(self, namespace: str, key: str) -> Json: ...
    def facts(self, namespace: str) -> dict[str, Json]: ...
    def drop_facts(self, namespace: str, keys: Collection[str] | None = None) -> None: ...

    # all of it
    def dump(self, write: Callable[[bytes], object]) -> dict[str, int]:
        """Every row of every table, as lines in a form that `Database.load` reads on any kind of database. Rows by table."""
        ...


class Database(Protocol):
    """The truth: documents, permissions, answers, decisions."""

    def transaction(self, *, lasting: bool = True) -> AbstractContextManager[Transaction]:
        """Commits when the block ends, rolls back when it raises. StorageFull, Busy, Damaged are told apart. One that is not `lasting` is
        quicker: a power cut, and nothing else, may undo it, with all that came after."""
        ...

    def reading(self) -> AbstractContextManager[Transaction]:
        """A consistent snapshot for reading; never waits for a writer."""
        ...

    def purge(self) -> None:
        """Make what was deleted unrecoverable from files: free pages, write-ahead log."""
        ...

    def check(self) -> list[str]:
        """What is wrong with the stored data, one line each; empty when nothing is."""
        ...

    def describe(self) -> dict[str, Scalar]:
        """Kind, version, schema revision, bytes."""
        ...

    def head(self) -> Head | None:
        """The end of the ledger as it is kept outside of the tables: after every commit that added an entry, unless the disk refused or
        the process died then; never ahead of what was committed, and never taken back. None where nothing is kept; Damaged."""
        ...

    def load(self, lines: Iterable[bytes], *, aside: str) -> None:
        """Hold what was dumped, and nothing of what there was, in one atomic step. An older dump is brought up to date, a newer one
        Refused; Damaged where it is not whole: then nothing has changed. On a server what there was is kept in a schema named `aside`,
        unless that is empty. The head of the ledger is not touched."""
        ...

    def close(self) -> None: ...


class JobContext(Protocol):
    """What a running job may use."""

    @property
    def id(self) -> str: ...

    def step(self, name: str, work: Callable[[], Json]) -> Json:
        """Run `work` once: a job that continues after a kill gets the recorded result of finished steps. Steps are batches,
        not rows, and their results small JSON. `work` that was cut off runs again, so it must be idempotent. A step is known by
        its name and how many of that name came before. One that is not recorded checks first, as `check_cancelled` does."""
        ...

    def progress(self, done: int, total: int, unit: str) -> None: ...

    def check_cancelled(self) -> None:
        """Raises JobCancelled when somebody asked for it."""
        ...


Handler: TypeAlias = Callable[[JobContext, dict[str, Json]], Json]


class Jobs(Protocol):
    """Long work that survives kill -9. Inputs are ids and small JSON, never text."""

    def submit(self, kind: str, inputs: dict[str, Json]) -> str: ...

    def get(self, id: str) -> Job:
        """NotFound."""
        ...

    def unfinished(self, kind: str | None = None) -> list[Job]:
        """Queued or running, oldest first."""
        ...

    def recent(self, limit: int = 20) -> list[Job]: ...

    def cancel(self, id: str) -> None:
        """Asks a running job to stop at its next check; a queued one never starts."""
        ...

    def work(self, handlers: Mapping[str, Handler], *, until: Callable[[], bool]) -> None:
        """Hold the workspace's one worker lease and run jobs, oldest first, continuing those a killed worker left, until `until()`.
        `until` is also looked at by each check of a running job, which then stops and is queued again, as it is after Ctrl-C.
        Busy when another live process holds the lease; a dead one's lease is free at once."""
        ...

    def working(self) -> bool:
        """Whether some live process holds the worker lease."""
        ...

    def rename(self, name: str, to: str) -> None:
        """Call somebody otherwise wherever a job was given the name, returns it, or tells it in its error. Twice changes nothing."""
        ...

    def ended_before(self, moment: datetime) -> int:
        """How many ended jobs were submitted before."""
        ...

    def forget(self, moment: datetime) -> int:
        """Forget the ended jobs that were submitted before; how many there were."""
        ...

    def close(self) -> None: ...
