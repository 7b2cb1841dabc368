"""What people made of an answer is said in the language of its question."""

from pathlib import Path

from firmground.app.asking.answers import ask
from firmground.app.asking.kept import show
from firmground.app.corpus.sync import sync
from firmground.app.reviewing import acting
from firmground.settings import AnswerSection, Settings
from firmground.settings_review import ReviewSection, RuleSection
from firmground.testing.app import ADMINISTRATOR, Bench
from firmground.types import Actor
from firmground.web.checking import as_read

TEXT = b"# Urlaub\n\nAlle Angestellten d\xc3\xbcrfen f\xc3\xbcnf Urlaubstage in das n\xc3\xa4chste Jahr mitnehmen.\n"
QUESTION = "Wie viele Urlaubstage dürfen Angestellte in das nächste Jahr mitnehmen?"
ADA = Actor(person="ada", groups=frozenset({"public", "everyone"}))
RITA = Actor(person="rita", groups=frozenset({"public", "everyone"}), role="reviewer")


def test_that_an_answer_was_not_approved_is_said_in_german(tmp_path: Path):
    rules = ReviewSection(rules=(RuleSection(name="all", then="hold"),))
    bench = Bench(tmp_path, settings=Settings(answer=AnswerSection(threshold=0.001), review=rules))
    bench.source.contents["urlaub.md"] = TEXT
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        rejected = ask(app, ADA, QUESTION)
        with app.database.reading() as tx:
            [item] = tx.items(limit=9)
        item = acting.claim(app, RITA, item.id, revision=item.revision)
        acting.reject(app, RITA, item.id, revision=item.revision, reason="wrong", note="Es sind sechs.")
        read = show(app, ADA, rejected.id).answer
        assert read.text == "Jemand hat sich diese Antwort angesehen und sie nicht gutgeheißen.\n\nEs sind sechs."
        assert as_read(read).text == "Es sind sechs."
