"""How much of what a sentence gets wrong the checks find, and how many faithful sentences they flag.

    python benchmarks/faithfulness.py --data DIR [--out FILE] [--verbose]

1. `faithful.yaml`: faithful sentences about the sample workspace in four languages, and every kind of edit made of them here.
   Each cites the two stretches (≤ 1,800 characters) of its document that share most words with it. Settings were chosen on the
   documents under `tune`; figures are of those under `held_out`.
2. SummEdits (8 of its 10 domains), for measuring only: a summary is flagged when a sentence of it has a mismatch.
"""

import argparse
import json
import random
import re
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import library
import yaml

from firmground.answer.check import Checks
from firmground.language.identify import identify
from firmground.language.sentences import sentences
from firmground.language.terms import terms
from firmground.types import Locator, Passage, Scores

SAMPLE = Path(__file__).parents[1] / "src" / "firmground" / "sample" / "documents"
PUBLISHED = {"SummaC": 57.1, "QAFactEval": 65.5, "ChatGPT": 71.2, "GPT-4": 82.1, "people": 90.9}
"""Balanced accuracy in per cent over ten domains, Laban et al. 2023 (SummEdits), table 3."""

UNITS = {
    "en": {
        "days": "weeks",
        "day": "week",
        "weeks": "months",
        "months": "weeks",
        "years": "months",
        "year": "month",
        "hours": "days",
    }
    | {"hour": "minute", "minutes": "hours", "£": "$", "€": "$", "pence": "pounds", "%": " euros", "kg": "g", "nights": "weeks"},
    "de": {
        "Tage": "Wochen",
        "Arbeitstage": "Wochen",
        "Arbeitstagen": "Wochen",
        "Jahre": "Monate",
        "Jahr": "Monat",
        "Stunden": "Tage",
    }
    | {"Minuten": "Stunden", "Wochen": "Tage", "Monaten": "Jahren", "Euro": "Dollar", "€": "$", "Cent": "Euro", "%": " Euro"},
    "fr": {"jours": "semaines", "ans": "mois", "an": "mois", "mois": "ans", "€": "$", "cm": "mm", "fois": "heures"},
    "es": {"días": "semanas", "años": "meses", "año": "mes", "meses": "años", "€": "$", "mm": "cm"},
}
WORDED = {
    "en": "two three four five six seven eight nine ten twelve fifteen thirty".split(),
    "de": "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf".split(),
    "fr": "deux trois quatre cinq six sept dix quinze trente".split(),
    "es": "dos tres cuatro cinco seis siete diez quince treinta".split(),
}
NEGATIONS = {
    "en": [
        (r"\b(is|are|was|were|must|may|can|will|should) (?!not\b)", r"\1 not "),
        (r"\b(do|does|must|may|is|are|can) not ", r"\1 "),
        (r"\bcannot\b", "can"),
        (r"\b(You|Employees|Customers) (get|have|need|receive) ", r"\1 do not \2 "),
        (r"\b(has|needs|requires|costs|covers|pays|lasts) ", r"never \1 "),
        (r"\bno (?!longer|more|less)", "a "),
        (r"\bnever ", "always "),
    ],
    "de": [
        (r"\b(dürfen|darf|muss|müssen|können|kann|wird|werden|ist|sind|hat|haben|gilt) (?!nicht)", r"\1 nicht "),
        (r"\b[Nn]icht ", ""),
        (r"\bkeine?\b", "eine"),
        (r"\b[Oo]hne ", "Mit "),
    ],
    "fr": [
        (r"\b(est|sont|doit|peut|prend|reste|ont) ", r"n'\1 pas "),
        (r"\bn'(est|a) pas ", r"\1 "),
        (r"\bne doit pas ", "doit "),
        (r"\bsans ", "avec "),
    ],
    "es": [
        (r"\bno (está|están|cubre|tiene) ", r"\1 "),
        (r"\b(tiene|tienen|es|se|están|cuesta|paga|atiende|hablan) ", r"no \1 "),
    ],
}
MODALITY = {
    "en": [(r"\b(must|have to|has to|need to)\b", "may"), (r"\b(may|can)\b(?! be (?:found|reached))", "must")],
    "de": [(r"\b(muss|müssen)\b", "kann"), (r"\b(kann|können|darf|dürfen)\b", "muss")],
    "fr": [(r"\bdoit\b", "peut"), (r"\bpeut\b", "doit"), (r"\bIl faut\b", "On peut")],
    "es": [(r"\bdebe\b", "puede"), (r"\bpuede\b", "debe")],
}
BOUNDS = {
    "en": [
        (r"\bat least\b", "at most"),
        (r"\b(a maximum of|up to)\b", "at least"),
        (r"\b(more|longer|older) than\b", "less than"),
        (r"\b(less|shorter) than\b", "more than"),
        (r"\bover (?=[£€\d])", "under "),
        (r"\bwithin (?=\w+ (?:\w+ )?(?:days|hours))", "after at least "),
    ],
    "de": [
        (r"\bmindestens\b", "höchstens"),
        (r"\bbis zu\b", "mindestens"),
        (r"\bmehr als\b", "weniger als"),
        (r"\bspätestens\b", "frühestens"),
    ],
    "fr": [(r"\bau maximum\b", "au moins")],
    "es": [(r"\bcomo máximo\b", "como mínimo")],
}
OPPOSITES = {
    "en": [
        *(("first", "last"), ("start", "end"), ("rose", "fell"), ("more", "less"), ("before", "after"), ("after", "before")),
        *(("included", "excluded"), ("including", "excluding"), ("full", "half"), ("bought", "sold"), ("valid", "invalid")),
        *(("additional", "fewer"), ("longer", "shorter"), ("larger", "smaller"), ("accepted", "rejected")),
    ],
    "de": [
        ("vorher", "nachher"),
        ("Nach", "Vor"),
        ("ersten", "letzten"),
        ("nie", "immer"),
        ("gültig", "ungültig"),
        ("volle", "halbe"),
    ],
    "fr": [("après", "avant"), ("Hors", "Pendant la")],
    "es": [("primeros", "últimos")],
}
# ruff: noqa: SIM905
INVENTED = {
    "en": [
        "Employees also receive a company car after their first promotion.",
        "The arrangement was negotiated with the trade union and reviewed by external auditors.",
        "A gym membership is offered free of charge to everybody in the team.",
        "Requests are handled by a chatbot that was trained on historical tickets.",
        "Violations lead to a written warning and may result in dismissal.",
        "Remote staff should install the antivirus scanner on their home routers.",
    ],
    "de": [
        "Außerdem erhalten alle Beschäftigten nach der Probezeit einen Dienstwagen.",
        "Die Regelung wurde mit der Gewerkschaft verhandelt und von Wirtschaftsprüfern bestätigt.",
        "Verstöße führen zu einer Abmahnung und können die Kündigung zur Folge haben.",
    ],
    "fr": [
        "Les salariés reçoivent aussi une voiture de fonction après leur promotion.",
        "Le règlement a été négocié avec les syndicats et relu par des auditeurs.",
    ],
    "es": [
        "Los empleados también reciben un coche de empresa tras su ascenso.",
        "La norma fue negociada con el sindicato y revisada por auditores externos.",
    ],
}
_NUMBER = re.compile(r"(?<![\w.,/+-])\d+(?:[.,]\d+)?(?![\w]|[.,]\d)")
_PHONE = re.compile(
    r"\+\d[\d ]+\d|0808[\d ]+|\S+@\S+|\S+\.example\.\S+|TH-\S+|`[^`]*`|[A-Z]\w*-\d+|\b[A-Z]\w* ?\d\b|(?<=[A-Z])\d"
)
_MONTH = r"January|February|March|April|May|June|July|August|September|October|November|December"
_NAME = re.compile(r"(?<=[a-z,] )[A-ZÉ][a-zé]+(?: [A-ZÉ][a-zé]+)*")
_SENTENCE_NAMES = {
    "en": "Edinburgh Hamburg London Munich Zurich Perch Magpie Roost Keyhole Tern Fulmar Petrel Gannet Silver Gold Standard"
    " Kittiwake Bremen"
    " Morag Marta Ailsa Finance UK EU Germany Europe Friederike Svenja".split(),
    "de": "Hamburg Roost Perch Magpie Schweiz EU München Tern Fulmar Kaimauer Matthiesen Garnier".split(),
    "fr": "Roost Tern Fulmar Petrel Garnier Hambourg Europe".split(),
    "es": "Roost Tern Fulmar Wren Petrel Gannet Eguren Tarnhaven Gold".split(),
}


def numbers_changed(text: str, language: str, luck: random.Random) -> Iterator[tuple[str, str]]:
    kept = [match.span() for match in _PHONE.finditer(text)]
    for match in _NUMBER.finditer(text):
        if any(start <= match.start() < end for start, end in kept):
            continue
        if re.match(r":|\s?[ap]m\b", text[match.end() :]) or text[match.start() - 1 : match.start()] == ":":
            continue
        other = str(int(match[0]) + luck.choice((1, 2, 3, 7))) if match[0].isdigit() and int(match[0]) < 1900 else match[0] + "5"
        dated = re.search(
            rf"{match[0]} (?:{_MONTH})|(?:{_MONTH}) {match[0]}|(?:19|20)\d\d$|:",
            text[max(0, match.start() - 10) : match.end() + 10],
        )
        yield ("date" if dated else "number", text[: match.start()] + other + text[match.end() :])
    for word in WORDED[language]:
        if re.search(rf"\b{word}\b", text):
            other = luck.choice([each for each in WORDED[language] if each != word])
            yield "number_in_words", re.sub(rf"\b{word}\b", other, text, count=1)
            break
    found = re.search(rf"\b({_MONTH})\b", text)
    if found:
        yield (
            "date",
            text.replace(found[0], luck.choice([each for each in _MONTH.split("|") if each != found[0] and each != "May"]), 1),
        )


def number_exchanged(text: str) -> Iterator[tuple[str, str]]:
    """Two numbers of one unit change places."""
    found = [
        match
        for match in _NUMBER.finditer(text)
        if not any(a <= match.start() < b for a, b in (m.span() for m in _PHONE.finditer(text)))
    ]
    for one, other in pairwise(found):
        units = [re.match(r"\s?(\w+|%)", text[each.end() :]) for each in (one, other)]
        signs = [text[max(0, each.start() - 1) : each.start()] for each in (one, other)]
        between = text[one.end() : other.start()].strip()
        same = units[0] and units[1] and units[0][1] == units[1][1] and signs[0] == signs[1]
        if (
            same
            and one[0] != other[0]
            and between not in ("to", "and", "–", "-")
            and not re.match(r"(?i)(?:am|pm|to)\b", between)
        ):
            yield (
                "numbers_exchanged",
                text[: one.start()] + other[0] + text[one.end() : other.start()] + one[0] + text[other.end() :],
            )
            return


def replaced(text: str, kind: str, rules: Sequence[tuple[str, str]], most: int = 2) -> Iterator[tuple[str, str]]:
    made = 0
    for pattern, other in rules:
        changed = re.sub(pattern, other, text, count=1)
        if changed != text and made < most:
            made += 1
            yield kind, changed[:1].upper() + changed[1:]


def edits(text: str, language: str, document: str, luck: random.Random) -> Iterator[tuple[str, str]]:
    """Every kind of edit that this sentence allows: (kind, sentence)."""
    yield from numbers_changed(text, language, luck)
    yield from number_exchanged(text)
    for unit, other in UNITS[language].items():
        wrong = (
            rf"(?<=\d){re.escape(unit)}|(?<=\d ){re.escape(unit)}(?!\w)"
            if unit in "%€"
            else rf"\b{unit}\b"
            if unit.isalpha()
            else re.escape(unit)
        )
        if unit.isalpha() and not re.search(rf"(?:\d|\b(?:{'|'.join(WORDED[language])})) (?:\w+ )?{unit}\b", text):
            continue
        changed = re.sub(wrong, other, text, count=1)
        if changed != text:
            yield "unit", changed
            break
    plain = not re.search(r"\b(?:not|no|never|cannot|nicht|kein\w*|nie|pas|ne|jamais|no)\b|\bn'", text.casefold())
    added = [
        rule
        for rule in NEGATIONS[language]
        if ("not" in rule[1] or "nicht" in rule[1] or "pas" in rule[1] or "no " in rule[1] or "never" in rule[1])
    ]
    removed = [rule for rule in NEGATIONS[language] if rule not in added]
    yield from replaced(text, "negation_added" if plain else "negation_removed", added if plain else removed)
    if plain:
        yield from replaced(text, "modality", MODALITY[language], 1)
    yield from replaced(text, "bound", BOUNDS[language], 1)
    yield from replaced(text, "opposite", [(rf"\b{one}\b", other) for one, other in OPPOSITES[language]], 1)
    there = [name for name in _SENTENCE_NAMES[language] if re.search(rf"\b{name}\b", document)]
    for name in _SENTENCE_NAMES[language]:
        others = [other for other in there if other != name and not re.search(rf"\b{other}\b", text)]
        if re.search(rf"\b{name}\b", text) and others:
            yield "name_of_the_source", re.sub(rf"\b{name}\b", luck.choice(others), text, count=1)
            break
    found = _NAME.search(text)
    if found and language != "de":
        yield (
            "name_from_elsewhere",
            text.replace(found[0], luck.choice(("Oliver Grant", "Toronto", "Nordstern", "Vanessa Ruiz")), 1),
        )


def stretches(path: Path) -> list[Passage]:
    """A document as passages of at most 1,800 characters that begin where a paragraph does."""
    raw = path.read_text(encoding="utf-8")
    text = raw.split("\n---\n", 1)[1] if raw.startswith("---\n") else raw
    title = next((line.lstrip("# ") for line in text.splitlines() if line.startswith("# ")), path.stem)
    made: list[str] = []
    for paragraph in text.strip().split("\n\n"):
        if made and len(made[-1]) + len(paragraph) < 1800:
            made[-1] += "\n\n" + paragraph
        else:
            made.append(paragraph)
    return [passage(part, title, identify(text)) for part in made]


def passage(text: str, title: str, language: str) -> Passage:
    return Passage(
        passage="p", document="d", title=title, uri="u", language=language, locator=Locator(start=0, end=len(text)), text=text,
        score=1.0, scores=Scores(),
    )  # fmt: skip


def nearest(claim: str, passages: Sequence[Passage], most: int = 2) -> list[Passage]:
    words = set(terms(claim, passages[0].language))
    return sorted(passages, key=lambda each: -len(words & set(terms(each.text, each.language))))[:most]


def sample(part: str, checks: Checks, verbose: bool) -> dict[str, Any]:
    """Misses by kind of edit, and false flags, on one part of the sample's sentences."""
    material = yaml.safe_load(Path(__file__).with_name("faithful.yaml").read_text(encoding="utf-8"))
    luck = random.Random(20_26)
    documents = {name: stretches(SAMPLE / name) for name in {**material["tune"], **material["held_out"]}}
    seen: dict[str, list[bool]] = defaultdict(list)
    codes: dict[str, int] = defaultdict(int)
    by_language: dict[str, list[bool]] = defaultdict(list)
    for name, claims in material[part].items():
        language = documents[name][0].language
        whole = "\n".join(each.text for each in documents[name])
        elsewhere = [other for other in documents if other != name and documents[other][0].language == language]
        for claim in claims:
            evidence = nearest(claim, documents[name])
            found = checks.mismatches(claim, evidence)
            by_language[language].append(bool(found))
            if found and verbose:
                print("FALSE", name, "|", claim, "|", [f"{one.code}: {one.detail}" for one in found])
            for one in found:
                codes[one.code] += 1
            made = list(edits(claim, language, whole, luck))
            made.append(("invented", luck.choice(INVENTED[language])))
            for kind, text in made:
                wrong = checks.mismatches(text, evidence)
                seen[kind].append(bool(wrong))
                if not wrong and verbose:
                    print("MISS ", kind, "|", text, "| from:", claim)
            near = [each for each in documents[name] if each not in evidence]
            if near:
                seen["another_passage_of_the_document"].append(bool(checks.mismatches(claim, near[:1])))
            if elsewhere:
                seen["passage_of_another_document"].append(bool(checks.mismatches(claim, documents[luck.choice(elsewhere)][:2])))
    flags = [flag for each in by_language.values() for flag in each]
    return {
        "faithful": len(flags),
        "false_flags": _share(flags),
        "false_flags_by_language": {language: _share(each) for language, each in sorted(by_language.items())},
        "false_flags_by_code": dict(codes),
        "missed": {
            kind: {"edits": len(hits), "missed": round(1 - sum(hits) / len(hits), 3)} for kind, hits in sorted(seen.items())
        },
    }


def _share(flags: Sequence[bool]) -> float:
    return round(sum(flags) / len(flags), 3) if flags else 0.0


def summedits(data: Path, checks: Checks, only: frozenset[str] | None = None) -> dict[str, Any]:
    """Balanced accuracy by domain, and detection by kind of edit."""
    domains: dict[str, float] = {}
    kinds: dict[str, list[bool]] = defaultdict(list)
    flags: list[bool] = []
    caught: list[bool] = []
    for path in sorted((data / "faithfulness" / "summedits").glob("*.jsonl")):
        right: dict[int, list[bool]] = {0: [], 1: []}
        known: tuple[str, Any] = ("", None)
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if known[0] != row["doc"]:
                known = (row["doc"], checks.against([passage(row["doc"], "", "en")]))
            wrong = any(
                mismatch
                for start, end in sentences(row["summary"])
                for mismatch in known[1].mismatches(row["summary"][start:end])
                if only is None or mismatch.code in only
            )
            right[row["label"]].append(wrong == (row["label"] == 0))
            (flags if row["label"] else caught).append(wrong)
            for kind in row["edit_types"] if row["label"] == 0 else ():
                kinds[kind].append(wrong)
            if row["label"] == 0 and len(row["edit_types"]) == 1:
                kinds[f"{row['edit_types'][0]} alone"].append(wrong)
        domains[path.stem] = round(50 * sum(sum(right[label]) / len(right[label]) for label in (0, 1)), 1)
    return {
        "balanced_accuracy": round(sum(domains.values()) / len(domains), 1),
        "by_domain": domains,
        "found": _share(caught),
        "false_flags": _share(flags),
        "found_by_edit": {kind: {"summaries": len(hits), "found": _share(hits)} for kind, hits in sorted(kinds.items())},
    }


def speed(checks: Checks) -> dict[str, float]:
    """Milliseconds for three passages of 1,800 characters: to make them ready, and for one sentence (medians)."""
    parts = [
        part
        for name in ("policies/leave.md", "policies/travel.md", "people/sick-leave.md")
        for part in stretches(SAMPLE / name)[:1]
    ]
    claims = yaml.safe_load(Path(__file__).with_name("faithful.yaml").read_text(encoding="utf-8"))["tune"]["policies/leave.md"]
    ready, each = [], []
    for _ in range(15):
        started = time.perf_counter()
        against = checks.against(parts)
        against.mismatches(claims[0])
        ready.append(time.perf_counter() - started)
        for claim in claims:
            started = time.perf_counter()
            against.mismatches(claim)
            each.append(time.perf_counter() - started)
    return {"ready_ms": _median(ready), "sentence_ms": _median(each)}


def _median(seconds: Sequence[float]) -> float:
    return round(sorted(seconds)[len(seconds) // 2] * 1000, 2)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path)
    options.add_argument("--out", type=Path)
    options.add_argument("--part", choices=("tune", "held_out"), help="only this part of the sample's sentences")
    options.add_argument("--verbose", action="store_true", help="print every miss and false flag of the sample")
    given = options.parse_args()
    checks = Checks()
    parts = [given.part] if given.part else ["held_out", "tune"]
    report: dict[str, Any] = {"sample": {part: sample(part, checks, given.verbose) for part in parts}, "speed": speed(checks)}
    if given.data:
        report["summedits"] = {
            "all_checks": summedits(given.data, checks),
            "coverage_alone": summedits(given.data, checks, frozenset({"coverage"})),
            "numbers_alone": summedits(given.data, checks, frozenset({"number", "unit"})),
            "published_balanced_accuracy_of_ten_domains": PUBLISHED,
        }
    library.record(report, given.out)


if __name__ == "__main__":
    main()
