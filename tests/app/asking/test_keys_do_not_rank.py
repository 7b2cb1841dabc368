"""Two workspaces with the same documents and other keys find, rank and answer the same: the letters of a placeholder say nothing."""

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from firmground.answer.confidence import Confidence, Logistic
from firmground.app.app import App
from firmground.app.asking.answers import ask
from firmground.app.asking.search import search
from firmground.app.corpus.sync import sync
from firmground.app.redaction.keys import VARIABLE
from firmground.guard.redaction import PLACEHOLDER, placeholder
from firmground.settings import Settings
from firmground.settings_sources import SourceSection
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.types import Trace

KEYS = tuple("abcdefgh")
NAMES = ("anna", "bert", "cleo", "dora", "emil", "fritz", "gerda", "hugo", "ines", "jonas", "karla", "lutz")
WORK = (
    "leave",
    "travel",
    "payroll",
    "parking",
    "the canteen",
    "laptops",
    "badges",
    "first aid",
    "keys",
    "training",
    "post",
    "visits",
)


def mail(name: str) -> str:
    return f"{name}.berg@firma-nord.example"


def phone(at: int) -> str:
    return f"+49 30 9018{20 + at}"


ROWS = "\n".join(
    f"| {work.removeprefix('the ').title()} | {mail(name)} | {phone(at)} | {at + 2} days |"
    for at, (name, work) in enumerate(zip(NAMES, WORK, strict=True))
)
DOCUMENTS = {
    "contacts.md": f"# Contacts\n\n| Subject | Mail | Phone | Reply within |\n| --- | --- | --- | --- |\n{ROWS}\n",
    "people.md": "# People\n\n"
    + "\n\n".join(f"Write to {mail(name)} about {work}. Answers come in days." for name, work in zip(NAMES, WORK, strict=True)),
    "numbers.md": "# Numbers\n\n"
    + "\n".join(f"- {phone(at)} rings at the desk for {work}" for at, work in enumerate(WORK))
    + "\n",
    "leave.md": f"# Leave\n\nAsk {mail('anna')} for leave.\n\nLeave is 30 days a year. Who is ill calls {phone(0)}.\n",
    "leave-old.md": f"# Leave before\n\nAsk {mail('bert')} for leave.\n\nLeave is 28 days a year. Who is ill calls {phone(1)}.\n",
    "dogs.md": "# Dogs\n\nDogs are welcome on Wednesdays if all people in the room agree.\n",
    "mail.md": f"# Mail of {mail('cleo')}\n\n## Answers by {mail('dora')}\n\nMail is answered within 3 days by those who read it.\n",
}
QUESTIONS = (
    "Who is asked for leave?",
    "How many days of leave are there in a year?",
    "Within how many days does the desk for training reply?",
    "What is the mail address for payroll?",
    "Which phone rings for first aid?",
    "Are dogs welcome?",
    "How do I write an email about laptops?",
    f"What is {mail('emil')} asked about?",
    f"Who rings at {phone(3)}?",
    f"Is {mail('nobody')} reached by {phone(7)}?",
)


def a_bench(directory: Path) -> Bench:
    masking = {"name": "docs", "path": ".", "personal_data": "mask"}
    bench = Bench(directory, settings=Settings(sources=(SourceSection.model_validate(masking),)))
    bench.source.contents.update({uri: text.encode() for uri, text in DOCUMENTS.items()})
    return bench


def bare(text: str) -> str:
    """Without the letters that are made with a key."""
    return PLACEHOLDER.sub(lambda found: found[0].rpartition("_")[0], text)


@dataclass(frozen=True)
class Seen:
    """What one workspace came to, by question or in order."""

    found: dict[str, object]
    """Where the passages are, in which order and with which scores."""
    told: dict[str, object]
    """All of an answer that is no name of a workspace, no date and no duration."""
    cut: list[object]
    """Where the documents are cut."""
    first: str
    """Title of what a value finds before all others."""
    embedded: list[str]
    words: list[str]
    """The placeholders' letters."""


def seen(bench: Bench) -> Seen:
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        answers = {question: ask(app, ADMINISTRATOR, question).id for question in QUESTIONS}
        with app.database.reading() as tx:
            told = {question: as_told(tx.find_trace(id)) for question, id in answers.items()}
            chunks = [each for document in tx.documents() for each in tx.document_chunks(app.candidate.build, document.number)]
        return Seen(
            found={question: as_found(app, question) for question in QUESTIONS},
            told=told,
            cut=[(each.document, each.start, each.end, [*map(bare, each.headings)]) for each in chunks],
            first=search(app, ADMINISTRATOR, mail("cleo")).passages[0].title,
            embedded=[*bench.embedder_.embedded],
            words=[placeholder(app.personal_key.hashing, "email", mail(name)).rpartition("_")[2] for name in NAMES],
        )


def as_found(app: App, question: str) -> object:
    passages = search(app, ADMINISTRATOR, question).passages
    return [(each.uri, each.locator.start, each.locator.end, each.score, each.scores) for each in passages]


def as_told(trace: Trace) -> object:
    answer = trace.answer
    return (
        (answer.status, bare(answer.text), answer.confidence, trace.signs),
        [(each.uri, each.locator.start, each.locator.end) for each in answer.citations],
        [bare(json.dumps(each)) for each in answer.choices],
        [bare(each.text) for each in answer.notices],
        [(step.name, bare(json.dumps(step.detail))) for step in trace.steps],
    )


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    """What workspaces with these keys came to. What is near enough is answered: the confidence has tests of its own."""
    sure = Confidence(meaning=Logistic(intercept=5.0, signs={}), words=Logistic(intercept=5.0, signs={}), threshold=0.3, sure=0.6)
    found: dict[str, Seen] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("firmground.release.spec.Confidence", lambda **given: sure.model_copy(update=given))  # noqa: PLW0108
        for key in KEYS:
            patch.setenv(VARIABLE, base64.b64encode(hashlib.sha256(key.encode()).digest()).decode())
            found[key] = seen(a_bench(tmp_path_factory.mktemp(key)))
    return found


def test_the_same_passages_are_found_in_the_same_order_with_the_same_scores_whatever_the_key(every: dict[str, Seen]):
    assert [key for key in KEYS if every[key].found != every["a"].found] == []


def test_the_same_is_answered_whatever_the_key(every: dict[str, Seen]):
    assert [key for key in KEYS if every[key].told != every["a"].told] == []


def test_documents_are_cut_at_the_same_places_whatever_the_key(every: dict[str, Seen]):
    assert [key for key in KEYS if every[key].cut != every["a"].cut] == []


def test_a_value_that_the_asker_may_read_finds_the_document_that_hides_it_before_all_others(every: dict[str, Seen]):
    assert {each.first for each in every.values()} == {f"Mail of {mail('cleo')}"}


def test_what_is_embedded_tells_of_placeholders_by_their_kind_alone(every: dict[str, Seen]):
    for each in every.values():
        assert not [text for text in each.embedded if any(word in text for word in each.words)]
        assert "What is email asked about?" in each.embedded
