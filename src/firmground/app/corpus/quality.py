"""The quality report: what is odd in the documents of the workspace, where, and what a person can do about it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, cast, get_args

from firmground.app.app import App
from firmground.app.corpus.saving import FACTS, WARNINGS
from firmground.app.redaction.intake import PERSONAL
from firmground.index.compare import Comparer, Profile
from firmground.ports import Transaction
from firmground.types import Document, Finding, Json, ParseCode, Problem

_REMEDIES = {
    "unsupported": "convert it to a supported format, or exclude it from its source",
    "encrypted": "save a copy without a password, or exclude it",
    "corrupt": "replace it by a sound copy; the original program may still open and repair it",
    "limit_exceeded": "split it, or raise the limit under [parsing]",
    "timeout": "split it, or raise max_seconds under [parsing]",
    "out_of_memory": "split it, or raise max_memory_megabytes under [parsing]",
    "parser_crashed": "open it in its program and export it again",
    "ocr_language_missing": "install the tesseract data for this language, or change ocr_languages under [parsing]",
    "unreadable": "give the user that runs firmground the right to read it",
    "changed_while_reading": "sync again when nobody is writing it",
    "suspected_instructions": "read it, then `firmground documents release` or remove it",
    PERSONAL: "read it, then `firmground documents release` or remove it",
}
HARM = (
    *("contradiction", "superseded", "stale", "near_duplicate", "exact_duplicate"),
    *("wrong_encoding", "garbled", "encoding_guessed"),
    *("suspected_instructions", "hidden_signs", "nobody_may_see_it"),
    *get_args(ParseCode),
    *("empty", "near_empty", "low_structure", "rare_language"),
    *("personal_data", "personal_data_in_name"),
)
"""What makes answers wrong, then what keeps documents out of them, then what makes them poorer, and last what is only to be known."""
_PERSONAL_NOUNS: Mapping[str, str] = {
    "email": "e-mail address",
    "phone": "phone number",
    "iban": "bank account",
    "card": "card number",
    "ip": "IP address",
    "national_id": "national identity number",
    "birth_date": "birth date",
}
_SECRETS = frozenset({"secret", "api_key", "credential"})
_LANGUAGES_SEARCHED = 8
"""A question is analysed in each language of the corpus; wrongly identified documents must not make that many."""
_RARE_LANGUAGE_SHARE = 0.05


def assess(app: App, *, anything_changed: bool) -> dict[str, list[Finding]]:
    """Findings by source, ordered by document. Where nothing changed since the last report, and that still holds, it is returned."""
    if not anything_changed and (earlier := _earlier(app)) is not None:
        return earlier
    with app.database.reading() as tx:
        documents = {_address(document): document for document in tx.documents()}
        facts = cast("dict[str, dict[str, Any]]", tx.facts(FACTS))
        findings = [finding for document in documents.values() for finding in _of(document, facts.get(document.id, {}))]
        findings += _rare_languages(documents)
        profiles = [
            Profile.model_validate({**facts[document.id]["profile"], "uri": uri, "title": document.title})
            for uri, document in documents.items()
            if document.state == "indexed" and document.id in facts
        ]
        findings += _newly_stale(profiles, findings, app.clock().date(), app.workspace.settings.quality.stale_after_days)
        comparer = Comparer()
        findings += comparer.duplicates(profiles)
        findings += comparer.contradictions(profiles, lambda uri: tx.text(documents[uri].number))
    by_source: dict[str, list[Finding]] = {name: [] for name in app.sources}
    for finding in sorted(findings, key=lambda each: (each.uri, each.code, each.start or 0)):
        by_source.setdefault(finding.uri.split("/", 1)[0], []).append(finding)
    return by_source


def by_harm(findings: Iterable[Finding]) -> list[Finding]:
    """Findings of one kind together, the most harmful kinds first, inside a kind by document and place."""
    rank = {code: number for number, code in enumerate(HARM)}
    return sorted(findings, key=lambda each: (rank.get(each.code, len(rank)), each.uri, each.start or 0))


def basis(app: App) -> Json:
    """What findings depend on besides the documents."""
    return [app.clock().date().isoformat(), app.workspace.settings.quality.stale_after_days]


def take_out(tx: Transaction, sources: Iterable[str], uri: str) -> None:
    """Take everything about one document out of the last reports: they may quote it. The next sync assesses anew."""
    for name in sources:
        found = tx.report(name)
        if found is None:
            continue
        report = cast("dict[str, Any]", found[0])
        kept = [finding for finding in found[1] if uri != finding.uri and uri not in finding.related]
        listed = [problem for problem in report["problems"] if problem["uri"] != uri]
        tx.save_report(name, {**report, "problems": listed, "quality": summary(tx, name, kept), "basis": None}, kept)


def problems(tx: Transaction, source: str) -> list[dict[str, Any]]:
    """Documents that wait or failed, and warnings of the parser."""
    found: list[Problem] = []
    warnings = cast("dict[str, list[str]]", tx.facts(WARNINGS))
    for document in tx.documents(source=source):
        uri = _address(document)
        if document.state in {"quarantined", "failed"}:
            kind = "quarantined" if document.state == "quarantined" else "failed"
            found.append(Problem(uri=uri, kind=kind, code=document.code or "", detail=document.detail))
            continue
        for warning in warnings.get(document.id, ()):
            code, _, detail = warning.partition(":")
            found.append(Problem(uri=uri, kind="warning", code=code, detail=detail.strip()))
    return [problem.model_dump() for problem in found]


def summary(tx: Transaction, source: str, findings: Sequence[Finding]) -> dict[str, Any]:
    """How many findings of each kind, and how many documents in each language."""
    languages: Counter[str] = Counter()
    for (place, state, language), count in tx.document_counts().items():
        if place == source and state == "indexed":
            languages[language or "unknown"] += count
    return {
        "counts": dict(sorted(Counter(finding.code for finding in findings).items())),
        "languages": dict(languages.most_common()),
    }


def remember(tx: Transaction, findings: Mapping[str, Sequence[Finding]]) -> None:
    """Keep at hand what searching needs to know of the corpus: its languages, and which document is a newer version of which."""
    newer = {each.uri: each.related[0] for found in findings.values() for each in found if each.code == "superseded"}
    tx.put_fact("corpus", "superseded", dict(newer))
    counts: Counter[str] = Counter()
    for (_, state, language), count in tx.document_counts().items():
        if state == "indexed":
            counts[language] += count
    frequent = sorted((language for language in counts if language), key=lambda language: (-counts[language], language))
    tx.put_fact("corpus", "languages", [*frequent[:_LANGUAGES_SEARCHED], *([""] if "" in counts else [])])


def superseded(tx: Transaction) -> dict[str, str]:
    """Address of an older version → address of the newest, as of the last sync."""
    return cast("dict[str, str]", tx.fact("corpus", "superseded") or {})


def languages(tx: Transaction) -> tuple[str, ...]:
    """ISO 639-1 codes of the documents as of the last sync, most frequent first, "" where some are not known; English before any sync."""
    known = tx.fact("corpus", "languages")
    return tuple(str(code) for code in known) if isinstance(known, list) and known else ("en",)


def _earlier(app: App) -> dict[str, list[Finding]] | None:
    found: dict[str, list[Finding]] = {}
    now = basis(app)
    with app.database.reading() as tx:
        for name in app.sources:
            report = tx.report(name)
            if report is None or cast("dict[str, Any]", report[0]).get("basis") != now:
                return None
            found[name] = report[1]
    return found


def _of(document: Document, facts: Mapping[str, Any]) -> list[Finding]:
    uri = _address(document)
    if document.state in {"failed", "quarantined"}:
        code = document.code or "unknown"
        detail, remedy = document.detail, _REMEDIES.get(code, "look at the file")
        if code == "no_text":  # what helps depends on what kind of file it is, which its parser knows
            detail, _, own = detail.partition(": ")
            remedy = own or "write some text into it, or exclude it"
        return [Finding(code=code, uri=uri, detail=detail, remedy=remedy)]
    found = [Finding.model_validate({**finding, "uri": uri}) for finding in facts.get("findings", ())]
    personal = {kind: count for kind, count in facts.get("personal", {}).items() if kind not in _SECRETS}
    secrets = sum(count for kind, count in facts.get("personal", {}).items() if kind in _SECRETS)
    if facts.get("hidden"):  # what is masked needs nobody's look, but for what opens doors
        personal.clear()
    if personal or secrets:
        parts = [_counted(count, _PERSONAL_NOUNS.get(kind, kind.replace("_", " "))) for kind, count in sorted(personal.items())]
        parts += [_counted(secrets, "credential")] if secrets else []
        remedy = (
            "revoke the credentials and remove them" if secrets else "check that everybody who may see the document may see these"
        )
        found.append(Finding(code="personal_data", uri=uri, detail=f"holds {', '.join(parts)}", remedy=remedy))
    if not document.groups:
        remedy = "name groups that its source allows, or change the source's groups"
        found.append(Finding(code="nobody_may_see_it", uri=uri, detail="no group may see it, only administrators", remedy=remedy))
    return found


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "es" if noun.endswith("s") else "s")


def _rare_languages(documents: Mapping[str, Document]) -> list[Finding]:
    """Documents in a language that hardly any other is in: often a wrong file, sometimes one that needs a translation."""
    languages = Counter(document.language for document in documents.values() if document.state == "indexed")
    total = sum(languages.values())
    return [
        Finding(
            code="rare_language",
            uri=uri,
            detail=f"is in {document.language!r} like {languages[document.language]} of {total} documents",
            remedy="check that it belongs here; people who ask in the main language find it less easily",
        )
        for uri, document in documents.items()
        if document.state == "indexed" and document.language and languages[document.language] < _RARE_LANGUAGE_SHARE * total
    ]


def _newly_stale(profiles: Sequence[Profile], known: Sequence[Finding], today: date, days: int) -> list[Finding]:
    """Documents that became stale since they were read."""
    already = {finding.uri for finding in known if finding.code == "stale"}
    ages = {each.uri: (today - date.fromisoformat(each.stated)).days for each in profiles if each.stated}
    return [
        Finding(
            code="stale",
            uri=each.uri,
            detail=f"says it is of {each.stated}, {ages[each.uri]} days ago",
            remedy="check that it still holds and update its date, or remove it",
        )
        for each in profiles
        if ages.get(each.uri, 0) > days and each.uri not in already
    ]


def _address(document: Document) -> str:
    return f"{document.source}/{document.uri}"
