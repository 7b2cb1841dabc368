"""Calibrate the confidence of the candidate on the documents of the workspace: one durable job.

plan (which documents, which golden cases) → ask in batches, with the document in and with it left out → fit, choose a threshold, keep.
What is kept between the batches are signs, which hold no text; the questions are made again from the documents when they are needed.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, TypeAlias, cast

from firmground.answer.calibration import Calibration, Row, apart, calibrate
from firmground.answer.confidence import SHIPPED
from firmground.answer.extract import Extract
from firmground.answer.signs import signs
from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.asking.readiness import check_that_something_is_indexed
from firmground.app.asking.search import corpus as corpus_of
from firmground.app.evaluating import calibrated
from firmground.app.evaluating.calibration_report import check_path
from firmground.app.evaluating.golden import Known, known_questions
from firmground.app.following import follow
from firmground.app.recording.ledger import record
from firmground.app.redaction import masking
from firmground.app.teaching import learning
from firmground.errors import InvalidInput, Refused
from firmground.language.markdown import is_row, plain, title
from firmground.language.sentences import sentences
from firmground.language.synthesis import Synthesized, Told, content, questions_from
from firmground.ports import Handler, JobContext, Transaction
from firmground.serve.aliased import Aliased
from firmground.serve.search import Found, search
from firmground.serve.versions import without_superseded
from firmground.types import Actor, Document, Job, Json, Within

QUESTIONS = 1000
"""Asked twice each by default: some two minutes on two cores."""
MOST_QUESTIONS = 5000
GOLDEN, MADE = "golden", "made"
GOLDEN_WEIGHT = 2.0
"""What a golden question counts for beside a made one: people wrote it."""
_JOBS = "calibrations"
"""Namespace of what unfinished jobs were asked for, by job."""
_PER_DOCUMENT = 12
_BATCH = 8
_CHUNKS_READ = 40
_ALIKE = frozenset({"exact_duplicate", "near_duplicate", "superseded"})
_FAMILY = 6
_STILL_SAID = 0.6
"""Share of the words of the source sentence from which another document says the same."""


def run(
    app: App,
    actor: Actor,
    *,
    rate: float = 0.02,
    questions: int = QUESTIONS,
    seed: int = 0,
    watch: Callable[[Job], None] = lambda _: None,
) -> Calibration:
    """Ask questions whose source is known, fit the confidence, keep it for the candidate, and return what was found, calibrated or not.
    Goes on with one that was interrupted when it was asked for the same. InvalidInput for a rate or number that cannot be used; NotFound
    where nothing is indexed."""
    need(actor, "releases", "calibrate")
    check(rate, questions)
    check_that_something_is_indexed(app)
    recipe = calibrated.fingerprint(app.candidate)
    wanted: dict[str, Json] = {"rate": rate, "questions": questions, "seed": seed, "recipe": recipe}
    follow(app, _unfinished(app, wanted) or _submitted(app, actor, wanted), handlers(app), watch)
    with app.database.reading() as tx:
        found = calibrated.latest(tx, recipe)
    if found is None:
        raise AssertionError("the job keeps what it found")
    return found


def check(rate: float, questions: int, report: Path | None = None) -> None:
    """InvalidInput where one of them cannot be used, before anything was asked."""
    if not 0.001 <= rate <= 0.2:
        raise InvalidInput(f"a rate of {rate:g} cannot be shown", "use 0.001 to 0.2, e.g. 0.02 for 2 %")
    if not 10 <= questions <= MOST_QUESTIONS:
        raise InvalidInput(f"{questions} questions are too {'few' if questions < 10 else 'many'}", f"use 10 to {MOST_QUESTIONS}")
    if report is not None:
        check_path(report)


def handlers(app: App) -> dict[str, Handler]:
    """What a worker of this workspace can do."""
    return {"calibrate": lambda context, inputs: _Calibrating(app, context, inputs).run()}


def _unfinished(app: App, wanted: dict[str, Json]) -> str | None:
    with app.database.reading() as tx:
        asked = tx.facts(_JOBS)
    return next((job.id for job in app.jobs.unfinished("calibrate") if asked.get(job.id) == wanted), None)


def _submitted(app: App, actor: Actor, wanted: dict[str, Json]) -> str:
    unfinished = {job.id for job in app.jobs.unfinished("calibrate")}
    job = app.jobs.submit("calibrate", {**wanted, "by": actor.person, "via": actor.via})
    with app.database.transaction() as tx:
        for ended in tx.facts(_JOBS).keys() - unfinished:
            _forget(tx, ended)
        tx.put_fact(_JOBS, job, wanted)
    return job


def _forget(tx: Transaction, job: str) -> None:
    tx.drop_facts(_rows_of(job))
    tx.drop_facts(_JOBS, [job])


def _rows_of(job: str) -> str:
    return f"calibrating:{job}"


class _Calibrating:
    """One run of the job."""

    def __init__(self, app: App, context: JobContext, inputs: Mapping[str, Any]) -> None:
        self.app = app
        self.context = context
        self.rate, self.wanted, self.seed = float(inputs["rate"]), int(inputs["questions"]), int(inputs["seed"])
        self.by = Actor(person=str(inputs.get("by", "")), via="job")
        self.namespace = _rows_of(context.id)
        self.corpus = corpus_of(app, app.candidate)
        self.recipe = app.candidate
        if calibrated.fingerprint(self.recipe) != inputs["recipe"]:
            raise Refused("the recipe changed since the calibration began", "run `firmground release calibrate` again")
        self.golden = known_questions(app.workspace.root)
        with app.database.reading() as tx:
            self.documents = {document.number: document for document in tx.documents(state="indexed")}
            self.kin = _kin(tx, app.sources, self.documents.values())

    def run(self) -> Json:
        plan = cast("list[list[int]]", self.context.step("plan", self._plan))
        total = len(self.golden) + sum(share for _, share in plan)
        asked = 0
        self.context.progress(asked, total, "questions")
        for start in range(0, len(self.golden), _BATCH):
            batch = self.golden[start : start + _BATCH]
            self._step(f"golden {start}", lambda batch=batch: [row for known in batch for row in self._golden(known)])
            asked += len(batch)
            self.context.progress(asked, total, "questions")
        for start in range(0, len(plan), _BATCH):
            made = plan[start : start + _BATCH]
            self._step(f"made {start}", lambda made=made: [row for number, share in made for row in self._made(number, share)])
            asked += sum(share for _, share in made)
            self.context.progress(asked, total, "questions")
        return self.context.step("fit", self._fit)

    def _plan(self) -> Json:
        """How many questions to make from which document: evenly, and from a sample where there are more documents than questions."""
        random = Random(self.seed)  # noqa: S311
        numbers = sorted(self.documents)
        left = max(self.wanted - len(self.golden), 0)
        chosen = random.sample(numbers, min(len(numbers), left))
        shares = [min(_PER_DOCUMENT, (left + at) // len(chosen)) for at in range(len(chosen))]
        return [[number, share] for number, share in sorted(zip(chosen, shares, strict=True))]

    def _step(self, name: str, ask: Callable[[], Sequence[Row]]) -> None:
        def work() -> Json:
            rows = ask()
            with self.app.database.transaction() as tx:
                tx.put_fact(self.namespace, name, [_packed(row) for row in rows])
            return len(rows)

        self.context.step(name, work)

    # ---------------------------------------------------------------- questions

    def _golden(self, known: Known) -> list[Row]:
        """A case whose sources the workspace has, asked with all of them and without any."""
        sources = [number for entry in known.sources for source in entry if (number := self._numbered(source)) is not None]
        if not sources:
            return []
        name = self.documents[sources[0]].content_hash
        rows = [self._row(self._asked(known.question), name, GOLDEN, sources)]
        without = self._asked(known.question, sources)
        said = " ".join(_quoted(without)).casefold()
        elsewhere = known.contains and all(any(each.casefold() in said for each in entry) for entry in known.contains)
        if not elsewhere:  # else another document answers it as well, and it is not uncovered
            rows.append(self._row(without, name, GOLDEN))
        return rows

    def _made(self, number: int, most: int) -> list[Row]:
        """Questions made from one document, each asked with it and without it."""
        document = self.documents.get(number)
        if document is None:
            return []
        rows: list[Row] = []
        random = Random(f"{self.seed}/{document.content_hash}")  # noqa: S311
        for question in questions_from(self._told(document, random), document.language, random, most=most):
            self.context.check_cancelled()
            name = document.content_hash
            rows.append(self._row(self._asked(question.text), name, MADE, [number]))
            without = self._asked(question.text, [number])
            if not _still_said(question, document.language, _quoted(without)):
                rows.append(self._row(without, name, MADE))
        return rows

    def _told(self, document: Document, random: Random) -> list[Told]:
        """Sentences of a document with what stands above them, from a sample of its chunks."""
        with self.app.database.reading() as tx:
            chunks = [each for each in tx.document_chunks(self.corpus.build, document.number) if each.kind in {"text", "list"}]
            chosen = random.sample(chunks, min(len(chunks), _CHUNKS_READ))
            texts = tx.slices([(document.number, chunk.start, chunk.end) for chunk in chosen])
        found: list[Told] = []
        for chunk, text in zip(chosen, texts, strict=True):
            heading = plain(chunk.headings[-1]) if chunk.headings else ""
            for start, end in sentences(text):
                said = text[start:end]
                if title(said) is None and not is_row(said) and not said.rstrip().endswith("?"):
                    found.append(Told(plain(said), heading, document.title))
        return found

    def _numbered(self, source: str) -> int | None:
        """The document that a golden case names by its path, with or without its source."""
        for number, document in self.documents.items():
            if source in {document.uri, f"{document.source}/{document.uri}"}:
                return number
        return None

    # ---------------------------------------------------------------- asking

    def _asked(self, question: str, left_out: Iterable[int] = ()) -> "_Asked":
        """As an administrator, and as an answer is made, without these documents and all that say the same."""
        excluded = frozenset(other for number in left_out for other in self.kin[number])
        question = masking.earlier(self.app, None, question).text
        found = search(self.corpus, self.recipe.retrieval, question, Within(excluded=excluded))
        passages, _ = without_superseded(found.passages, self.corpus.superseded)
        vector = found.vector if found.covered else None
        aliased = Aliased(passages, question)
        extract = self.recipe.answering.extractive.read(
            aliased.questions[0], vector, aliased.passages, self.corpus.embedder.embed
        )
        return found, aliased, extract

    def _row(self, asked: "_Asked", name: str, kind: str, sources: Sequence[int] = ()) -> Row:
        found, aliased, extract = asked
        passages = aliased.passages
        seen = signs(found.ranked, extract, aliased.questions[0], passages, language=found.language)
        ids = {self.documents[other].id for number in sources for other in self.kin[number]}
        right = any(passages[quote.unit.passage].document in ids for quote in extract.quotes) if sources else None
        weight = GOLDEN_WEIGHT if kind == GOLDEN else 1.0
        return Row(seen, bool(sources), name, found.covered, weight, kind, right)

    # ---------------------------------------------------------------- fitting

    def _fit(self) -> Json:
        app = self.app
        with app.database.reading() as tx:
            rows = [_unpacked(row) for batch in tx.facts(self.namespace).values() for row in cast("list[list[Any]]", batch)]
            name, version = calibrated.corpus_name(tx), str(tx.corpus_version())
            contents = calibrated.contents(tx)
            learnt, left_out = learning.rows(tx, self.recipe)
        made = calibrate(rows, rate=self.rate, prior=SHIPPED, calibrated_on=name, reviewed=learnt).model_copy(
            update={
                "reviewed_left_out": left_out,
                "corpus": version,
                "made_at": app.clock().isoformat(timespec="seconds"),
                "sketch": calibrated.sketch(contents),
                "indexed": len({*contents}),
            }
        )
        with app.database.transaction() as tx:
            calibrated.keep(tx, calibrated.fingerprint(self.recipe), made, apart(rows, reviewed=learnt))
            found: dict[str, Json] = {"questions": made.questions, "calibrated": made.calibrated}
            record(app, tx, self.by, "calibration.made", self.recipe.digest, rate=self.rate, found=found)
            _forget(tx, self.context.id)
        return {"calibrated": made.calibrated, "questions": made.questions}


def _kin(tx: Transaction, sources: Iterable[str], documents: Collection[Document]) -> dict[int, frozenset[int]]:
    """By document number, those that say the same: exact and near duplicates and versions, as of the last sync, and documents of one
    title, unless so many share it that it names a series."""
    numbers = {f"{document.source}/{document.uri}": document.number for document in documents}
    titles: dict[str, list[int]] = {}
    for document in documents:
        titles.setdefault(document.title.casefold(), []).append(document.number)
    findings = [finding for name in sources for finding in (tx.report(name) or ({}, []))[1] if finding.code in _ALIKE]
    groups = [[numbers[uri] for uri in (each.uri, *each.related) if uri in numbers] for each in findings]
    groups += [group for group in titles.values() if len(group) <= _FAMILY]
    kin: dict[int, frozenset[int]] = {number: frozenset({number}) for number in numbers.values()}
    for group in groups:
        together = frozenset[int]().union(*(kin[number] for number in group))
        kin.update(dict.fromkeys(together, together))
    return kin


_Asked: TypeAlias = tuple[Found, Aliased, Extract]


def _quoted(asked: _Asked) -> list[str]:
    """The quotes as their documents have them."""
    _, aliased, extract = asked
    return [aliased.text(quote.unit.text) for quote in extract.quotes]


def _still_said(question: Synthesized, language: str, quotes: Iterable[str]) -> bool:
    """Whether another document says what the sentence says that the question was made from: its values and most of its words."""
    source = question.source.text
    wanted = {word.casefold() for word in content(source, language)}
    values = _values(source)
    for quote in quotes:
        said = {word.casefold() for word in content(quote, language)}
        if len(wanted & said) >= _STILL_SAID * len(wanted) and values <= _values(quote):
            return True
    return False


def _values(text: str) -> set[str]:
    return {part.strip(".,;:!?()[]*_\"'") for part in text.split() if any(sign.isdigit() for sign in part)}


def _packed(row: Row) -> Json:
    signs_: Json = {name: round(value, 6) for name, value in row.signs.items()}
    return [signs_, row.covered, row.document, row.dense, row.weight, row.kind, row.right]


def _unpacked(row: Sequence[Any]) -> Row:
    return Row(*row)
