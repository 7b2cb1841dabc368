"""Personal data: how much of it is found, how much is taken for it, and how long that takes.

    python benchmarks/personal.py --data DIR [--misses KIND] [--quick] [--out FILE]

Sentences of presidio_research, with made-up values; a value counts as found where a span of its kind shares more than half of what both
cover. What our forms missed in these sentences was read while the forms were written: on others they find less. Presidio's own forms run
beside ours over the same sentences, on a spaCy pipeline WITHOUT a trained model: neither side can know most names then, and what is said
of names here says nothing about a trained model. Times are those of the processor.
"""

import argparse
import json
import random
import string
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import library
import numpy as np

from firmground.guard.personal import Detector
from firmground.types import Span

OURS = {
    "EMAIL_ADDRESS": "email",
    "PHONE_NUMBER": "phone",
    "CREDIT_CARD": "card",
    "IBAN_CODE": "iban",
    "IP_ADDRESS": "ip",
    "US_SSN": "national_id",
    "US_DRIVER_LICENSE": "national_id",
    "PERSON": "name",
    "ADDRESS": "address",
    "STREET_ADDRESS": "address",
}
"""Their types, and what we call them; a type that is missing here is not looked for and counts as missed in the figure over all."""
VALIDATED = ("email", "phone", "card", "iban", "ip", "national_id")
EVERYTHING = (*VALIDATED, "secret", "birth_date", "name", "address")
Labelled = tuple[str, list[tuple[str, int, int]]]
Finding = Callable[[str], list[Span]]


def sentences(data: Path) -> list[Labelled]:
    read: list[Labelled] = []
    for name in ("synth_dataset_v2.jsonl", "generated_small.jsonl"):
        for line in (data / "pii" / "presidio_research" / name).read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            spans = [(OURS.get(span["type"], span["type"]), span["start"], span["end"]) for span in row["spans"]]
            read.append((row["text"], spans))
    return read


def small(rows: Sequence[Labelled]) -> list[Labelled]:
    """As people type who never press shift."""
    return [(lower, labels) for text, labels in rows if len(lower := text.lower()) == len(text)]


def measured(rows: Sequence[Labelled], find: Finding, missing: str = "") -> dict[str, Any]:
    right, found, labelled = Counter[str](), Counter[str](), Counter[str]()
    for text, labels in rows:
        spans = [span for span in find(text) if span.kind in EVERYTHING]
        found.update(span.kind for span in spans)
        labelled.update(kind for kind, _, _ in labels)
        for span in spans:
            hit = any(_same(span, label) for label in labels)
            right[span.kind] += hit
            if missing == span.kind and not hit:
                print(
                    "WRONG ", repr(text[max(0, span.start - 40) : span.start]), repr(text[span.start : span.end]), file=sys.stderr
                )
        for label in labels:
            if label[0] == missing and not any(_same(span, label) for span in spans):
                print("MISSED", repr(text[max(0, label[1] - 40) : label[1]]), repr(text[label[1] : label[2]]), file=sys.stderr)
    kinds = {kind: _figures(right[kind], found[kind], labelled[kind]) for kind in sorted(labelled | found)}
    return {
        "kinds": kinds,
        "with validators": _over(VALIDATED, right, found, labelled),
        "all kinds that are looked for": _over(tuple(set(OURS.values())), right, found, labelled),
        "all types of the set": _over(tuple(labelled), right, found, labelled),
    }


def _same(span: Span, label: tuple[str, int, int]) -> bool:
    kind, start, end = label
    shared = min(end, span.end) - max(start, span.start)
    return kind == span.kind and 2 * shared > max(end, span.end) - min(start, span.start)


def _over(kinds: Sequence[str], right: Counter[str], found: Counter[str], labelled: Counter[str]) -> dict[str, Any]:
    return _figures(*(sum(counts[kind] for kind in kinds) for counts in (right, found, labelled)))


def _figures(right: int, found: int, labelled: int) -> dict[str, Any]:
    precision, recall = right / found if found else None, right / labelled if labelled else None
    f1 = 2 * right / (found + labelled) if found + labelled else None
    rounded = {
        name: None if each is None else round(each, 3)
        for name, each in (("precision", precision), ("recall", recall), ("f1", f1))
    }
    return {**rounded, "labelled": labelled, "found": found}


def presidio() -> Finding:
    """Presidio's recognizers of forms, for all countries it has, above their usual threshold; offline."""
    import spacy
    import tldextract
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    tldextract.extract = tldextract.tldextract.TLD_EXTRACTOR
    engine = SpacyNlpEngine(models=[{"lang_code": "en", "model_name": "none"}])
    engine.nlp = {"en": spacy.blank("en")}
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])
    theirs = {**OURS, "US_ITIN": "national_id", "UK_NHS": "national_id", "LOCATION": "address"}

    def find(text: str) -> list[Span]:
        told = analyzer.analyze(text, language="en", score_threshold=0.35)
        return [
            Span(kind=theirs[each.entity_type], start=each.start, end=each.end, score=each.score)
            for each in told
            if each.entity_type in theirs
        ]

    return find


def clean(data: Path) -> Iterator[tuple[str, str]]:
    """Texts in which next to nothing is personal data of the kinds that are looked for."""
    for path in sorted((data / "documents" / "handbook_18f").rglob("*")):
        if path.is_file() and path.suffix in {".md", ".html", ".txt"}:
            yield "handbook_18f", path.read_text(encoding="utf-8", errors="replace")
    sample = Path(__file__).parents[1] / "src" / "firmground" / "sample" / "documents"
    for path in sorted(sample.rglob("*")):
        if path.suffix in {".md", ".html", ".txt", ".csv"}:
            yield "sample", path.read_text(encoding="utf-8", errors="replace")
    for _, _, text in library.squad_passages(data).documents:
        yield "squad", text


def alarms(texts: Mapping[str, list[str]], find: Finding, shown: int = 12) -> dict[str, Any]:
    report: dict[str, Any] = {}
    for name, held in texts.items():
        kinds, examples = Counter[str](), defaultdict[str, list[str]](list)
        for text in held:
            for span in find(text):
                kinds[span.kind] += 1
                examples[span.kind].append(text[span.start : span.end])
        size = sum(map(len, held))
        chosen = {kind: random.Random(1).sample(all_, min(shown, len(all_))) for kind, all_ in sorted(examples.items())}
        each = {kind: round(count / size * 100_000, 2) for kind, count in sorted(kinds.items())}
        report[name] = {"characters": size, "spans per 100,000 characters": each, "examples": chosen}
    return report


def speed(rows: Sequence[Labelled], prose: str, questions: Sequence[str], find: Finding) -> dict[str, Any]:
    digits = random.Random(1)
    table = "".join(digits.choice(string.digits + "  -|") for _ in range(1_000_000))
    values = " ".join(text for text, _ in rows)
    lines = {"prose": prose, "made-up personal data": values, "digits": table, "one letter": "a" * 1000, "one digit": "1" * 1000}
    report: dict[str, Any] = {}
    for name, text in lines.items():
        sizes = (1_000_000, 10_000_000) if name == "prose" else (200_000, 2_000_000)
        short, long = (_seconds(find, (text * (size // len(text) + 1))[:size].replace("\n", " ")) for size in sizes)
        report[f"{name}, one line of {sizes[1] // 1_000_000} MB"] = {
            "megabytes a second": round(sizes[1] / 1_000_000 / long, 2),
            "times as long as a tenth of it": round(long / short, 1),
        }
    for name, asked in (
        ("questions", questions),
        ("questions of 200 characters", _of_length(questions, 200)),
        ("sentences with values", [text for text, _ in rows]),
    ):
        took = [_seconds(find, text) * 1000 for text in asked]
        report[name] = {
            "ms p50": round(float(np.median(took)), 3),
            "ms p95": round(float(np.percentile(took, 95)), 3),
            "texts": len(took),
        }
    return report


def _seconds(find: Finding, text: str) -> float:
    began = time.process_time()
    find(text)
    return time.process_time() - began


def _of_length(texts: Sequence[str], length: int) -> list[str]:
    joined = " ".join(texts)
    return [joined[at : at + length] for at in range(0, min(len(joined), 2000 * length), length)]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--misses", default="", help="a kind: prints what was missed and what was wrong")
    options.add_argument("--quick", action="store_true", help="without Presidio and speed")
    options.add_argument("--out", type=Path, help="keeps the report")
    given = options.parse_args()
    rows = sentences(given.data)
    plain, everything = Detector().find, Detector(kinds=EVERYTHING).find
    texts: dict[str, list[str]] = defaultdict(list)
    for name, text in clean(given.data):
        texts[name].append(text)
    report = {
        "loudly": "No trained language model took part: recall on names is that of cues such as titles, not of a model.",
        "found": measured(rows, everything, given.misses),
        "names in small letters": measured(small(rows), Detector(kinds=("name",)).find)["kinds"]["name"],
        "false alarms, as set up": alarms(texts, plain),
        "false alarms of names and addresses": alarms(texts, Detector(kinds=("name", "address")).find),
    }
    if not given.quick:
        report["found by presidio without a trained model"] = measured(rows, presidio())
        asked = [question.text for question in library.squad_passages(given.data).questions][:2000]
        report["speed"] = speed(rows, "\n\n".join(texts["squad"]), asked, plain)
    library.record(report, given.out)


if __name__ == "__main__":
    main()
