"""Whatever decides something stands in the record: a use case that writes without an entry must be known to decide nothing."""

import ast
from collections.abc import Iterator

from repository import PACKAGE

from firmground.web.pages.ledger import WORDS

RECORDERS = {"record", "join", "make_group", "told_by_provider", "follow_provider", "let_go", "give_role", "person_of"}
DECIDE_NOTHING = {
    "signing in and out decides nothing about anybody's rights": {
        "accounts.browser_mark",
        "accounts.sign_in",
        "attempts._begin",
        "attempts._succeeded",
        "keys.used",
        "oidc._taken",
        "oidc.begin",
        "sessions.renewed",
        "sessions.seen",
        "sessions.sign_out",
    },
    "answers, and what people think of them, are kept with the answers": {
        "answers._kept",
        "opinions._wish",
        "opinions.share",
        "opinions.unshare",
        "opinions.withdraw_rating",
        "opinions.withdraw_request",
        "repeats.remember",
    },
    "who looks at an answer is kept with it; what they decide is recorded": {
        "acting._at",
        "acting.claim_next",
        "lots._key",
        "sweep.sweep",
    },
    "what is told, and whether it arrived or was read, decides nothing": {
        "confirming.ask_again",
        "contacts.speaks",
        "delivering._mark_dead",
        "delivering._mark_failed",
        "delivering._mark_sent",
        "delivering._put_back",
        "delivering._taken",
        "messages.read",
        "messages.read_all",
        "routes._again",
        "routes._on_page",
    },
    "what is used is counted, and decides nothing": {
        "metering.Meter._set_aside",
        "metering.Meter.left",
        "rates._borrowed",
    },
    "it ends what was begun and recorded": {
        "erasing.finish",
        "retention._answers",
        "retention._by_rows",
        "retention._jobs_lot",
        "retention._waits",
    },
    "what people agree to is kept with them, and goes with them": {
        "consent.give",
        "consent.withdraw",
        "signals.choose",
    },
    "work on a job that somebody asked for; its outcome is recorded where it decides something": {
        "audits.request",
        "calibration._Calibrating._step",
        "calibration._submitted",
        "case_results.CaseResults.of",
        "evaluation._Evaluating.run",
        "exercising.place._lend",
        "exercising.red_team.siege.Siege.release_held",
        "judging.judged",
        "sync._Sync._finish",
        "sync._Sync._plan",
        "sync._Sync._remove",
        "sync._Sync._take",
        "sync._Sync.run",
        "sync._submitted",
    },
    "what is derived from documents follows them": {
        "case_sources.changed_since",
        "indexing._reconcile",
        "indexing._take_in",
        "indexing.drop_other_builds",
        "indexing.purge_erased",
    },
    "what was recorded once is done again after a restore": {
        "restore.forget_index",
        "since._erase_again",
        "since.take_away_again",
    },
    "it writes entries": {
        "ledger.loaded",
    },
}
"""Functions that write without an entry, by why that is right. Whoever adds one to it has thought about it."""


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((PACKAGE / "app").rglob("*.py")):
        parts = path.relative_to(PACKAGE / "app").with_suffix("").parts
        name = ".".join(parts[1:] or parts)
        yield name, ast.parse(path.read_text())


def functions(module: ast.Module) -> dict[str, ast.FunctionDef]:
    """Of the module and of its classes; what is defined within a function is part of it."""
    found = {each.name: each for each in module.body if isinstance(each, ast.FunctionDef)}
    for kind in (each for each in module.body if isinstance(each, ast.ClassDef)):
        found |= {f"{kind.name}.{each.name}": each for each in kind.body if isinstance(each, ast.FunctionDef)}
    return found


def called(function: ast.FunctionDef) -> set[str]:
    return {_name(each.func) for each in ast.walk(function) if isinstance(each, ast.Call)}


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""


def silent() -> set[str]:
    return {f"{name}.{each}" for name, module in modules() for each in without_entry(module)}


def without_entry(module: ast.Module) -> set[str]:
    """Functions that open a transaction for writing and neither record nor call what does in the same module."""
    calls = {each: called(function) for each, function in functions(module).items()}
    recording = {each for each, names in calls.items() if names & RECORDERS}
    while True:
        short = {each.rpartition(".")[2] for each in recording}
        more = {each for each, names in calls.items() if names & short} - recording
        if not more:
            break
        recording |= more
    return {each for each, names in calls.items() if "transaction" in names and each not in recording}


def recorded() -> dict[str, set[str]]:
    """Kinds of entries, and the modules that write them."""
    found: dict[str, set[str]] = {}
    for name, module in modules():
        for each in ast.walk(module):
            if isinstance(each, ast.Call) and _name(each.func) == "record" and len(each.args) > 3:
                for kind in _texts(each.args[3]):
                    found.setdefault(kind, set()).add(name)
    return found


def _texts(value: ast.expr) -> set[str]:
    return {str(each.value) for each in ast.walk(value) if isinstance(each, ast.Constant) and isinstance(each.value, str)}


def test_every_use_case_that_writes_either_records_or_is_known_to_decide_nothing():
    known = {each for those in DECIDE_NOTHING.values() for each in those}
    assert silent() - known == set(), "call `record` in its transaction, or say above why it decides nothing"
    assert known - silent() == set(), "these are no more: take them out"


def test_every_kind_of_entry_is_told_in_plain_words():
    kinds = {each for each in recorded() if "." in each}
    assert len(kinds) >= 18
    assert kinds - WORDS.keys() == set()


def test_a_use_case_that_forgets_its_entry_would_be_found():
    forgetful = ast.parse("def forget(app):\n    with app.database.transaction() as tx:\n        tx.drop()\n")
    honest = ast.parse(
        "def tell(app):\n    with app.database.transaction() as tx:\n        _saved(tx)\n\ndef _saved(tx):\n    record(tx)\n"
    )
    assert without_entry(forgetful) == {"forget"}
    assert without_entry(honest) == set()
