"""An evaluation as a file: JSON, Markdown for a pull request, JUnit for a build server."""

import json
from collections.abc import Iterable, Iterator, Sequence
from xml.etree import ElementTree as Xml

from firmground.evaluate.cases import Case
from firmground.evaluate.judge import Agreement, Judged
from firmground.evaluate.report import Report, Result, Share, answered

Cases = Sequence[tuple[Case, Sequence[Result]]]


def headline(report: Report) -> str:
    """The first line: what was disclosed comes before everything, then what a release that is not better than something simpler must
    hear."""
    if report.leaked:
        return f"{_cases(report.leaked)} disclosed documents that the asker may not see."
    beaten = [each for each in report.rivals if each.verdict != "better"]
    if not beaten:
        names = " and ".join(each.name for each in report.rivals)
        return f"Better than {names} on the same cases."
    worst = beaten[-1]
    if worst.verdict == "worse":
        return f"Worse than {worst.name}: {_cases(worst.worse)} lost, {worst.better} won (p = {worst.p:.2g})."
    return f"No better than {worst.name} so far as these cases show: {_cases(worst.better)} won, {worst.worse} lost (p = {worst.p:.2g})."


def left_out(report: Report) -> str:
    """That cases could not be read; empty where all could."""
    if not report.unreadable:
        return ""
    were = "was" if report.unreadable == 1 else "were"
    return f"{_cases(report.unreadable)} could not be read and {were} not asked: see `firmground cases check`"


def as_json(report: Report, cases: Cases) -> str:
    told = {**report.model_dump(mode="json"), "headline": headline(report), "cases": [_case(case, each) for case, each in cases]}
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def as_markdown(report: Report, cases: Cases) -> str:
    """Short enough to be read in a pull request: the figures, and the cases that failed."""
    lines = [
        f"## Evaluation of `{report.release[:12]}`",
        "",
        f"**{headline(report)}**",
        "",
        f"{report.passed.cases} cases (dataset `{report.dataset[:12]}`), corpus {report.corpus}, {report.seconds:.0f} s",
        "",
        *([f"**{left_out(report)}.**", ""] if report.unreadable else []),
        "| | cases | rate | 95 % interval |",
        "|---|---|---|---|",
        *(f"| {name} | {_counted(each)} | {percent(each.value)} | {interval(each)} |" for name, each in _rates(report)),
        "",
        f"Time to the first sentence: {_times(report)}. Cost of a case: {_cost(report)}.",
        "",
        *([f"{measured(report)}.", ""] if report.scores or report.retrieval else []),
        *([f"Judge: {opinion(report.judge)}.", ""] if report.judge else []),
    ]
    if report.changes:
        lines += [f"Changed from `{report.against[:12]}`:", ""]
        lines += [
            f"- {'**newly answered wrongly**' if each.newly_wrong else each.became}: {_cell(each.case)}"
            for each in report.changes
        ]
        lines += [""]
    if report.moved:
        lines += ["| measure | cases | before | now | change, 95 % | |", "|---|---|---|---|---|---|"]
        lines += ["| " + " | ".join(row) + " |" for row in moves(report)]
        lines += [""]
    failed = [(case, results) for case, results in cases if not all(each.passed for each in results)]
    if failed:
        lines += [
            f"<details><summary>{len(failed)} cases failed</summary>",
            "",
            "| case | kind | what is wrong |",
            "|---|---|---|",
        ]
        lines += [f"| {_cell(case.id)} | {case.kind} | {_cell(why(results[0]))} |" for case, results in failed]
        lines += ["", "</details>", ""]
    return "\n".join(lines)


def as_junit(report: Report, cases: Cases) -> str:
    """A suite for each kind, a test for each case and repeat; an error is one that gave no answer at all."""
    root = Xml.Element("testsuites", name=f"firmground evaluation of {report.release[:12]}")
    for kind in report.kinds:
        tests = [(case, each) for case, results in cases if case.kind == kind for each in results]
        failed = sum(not each.passed and not each.error for _, each in tests)
        errors = sum(bool(each.error) for _, each in tests)
        counts = {"tests": len(tests), "failures": failed, "errors": errors, "time": _seconds(each for _, each in tests)}
        suite = Xml.SubElement(root, "testsuite", {"name": kind, **{name: str(value) for name, value in counts.items()}})
        for case, each in tests:
            _junit_case(suite, case, each)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def why(result: Result) -> str:
    """What is wrong with a result, in a line; empty where nothing is."""
    if result.error:
        return result.error
    verdict = result.verdict
    if verdict is None or verdict.passed:
        return ""
    told = [] if verdict.behaved else [f"it was {result.status}"]
    told += [f"it says {each!r}" for each in verdict.unacceptable]
    if answered(result):
        told += [f"it does not say {each!r}" for each in verdict.missing]
        told += [f"it does not cite {each}" for each in verdict.unsourced]
    return "; ".join(told)


def opinion(judge: Judged) -> str:
    """What a judge thinks, never without how far it agrees with people."""
    told = f"{judge.model} finds {judge.right} answers right, {judge.wrong} wrong, {judge.unclear} unclear"
    return (
        f"{told}; it agrees with the cases {_agreement(judge.with_cases)}, with people's thumbs {_agreement(judge.with_people)}"
    )


def _agreement(found: Agreement) -> str:
    if not found.cases:
        return "on nothing that both graded"
    kappa = "not defined" if found.kappa is None else f"{found.kappa:.2f}"
    return f"on {found.agreed} of {found.cases} (kappa {kappa})"


def measured(report: Report) -> str:
    """Retrieval and scores in a line, each with the cases it could be measured on."""
    told = [f"{MEASURES[name]} {value:.3f}" for name, value in report.retrieval.items()]
    told += [f"{MEASURES[name]} {each.value:.3f} ({_cases(each.cases)})" for name, each in report.scores.items()]
    return ", ".join(told)


MEASURES = {
    "hit_at_1": "hit@1",
    "hit_at_3": "hit@3",
    "recall": "recall",
    "reciprocal_rank": "MRR",
    "ndcg": "nDCG",
    "token_f1": "token F1",
    "similarity": "likeness",
    "faithful": "faithful",
    "cost_usd": "cost (USD)",
}
"""How people call what is measured."""


def _cases(count: int) -> str:
    return f"{count} case{'' if count == 1 else 's'}"


def moves(report: Report) -> list[tuple[str, ...]]:
    """Each measure of both releases: name, cases, before, now, the change, and whether there is one."""
    return [
        (
            MEASURES.get(each.name, each.name),
            str(each.cases),
            f"{each.before:.4g}",
            f"{each.after:.4g}",
            f"{each.low:+.3g} to {each.high:+.3g}",
            "changed" if each.shown else "no difference shown",
        )
        for each in report.moved
    ]


def percent(share: float | None) -> str:
    return "not measured" if share is None else f"{100 * share:.1f} %"


def interval(share: Share) -> str:
    return "" if share.value is None else f"{100 * share.low:.1f}–{100 * share.high:.1f} %"


def _rates(report: Report) -> Iterator[tuple[str, Share]]:
    yield "passed", report.passed
    yield "answered wrongly", report.answered_wrongly
    yield "wrongly refused", report.wrongly_refused
    if report.disclosed is not None:
        yield "disclosed", report.disclosed
    for kind, row in report.kinds.items():
        yield f"passed: {kind.replace('_', ' ')}", row.passed
    for rival in report.rivals:
        yield f"passed by {rival.name}", rival.passed


def _counted(share: Share) -> str:
    return f"{share.events} of {share.cases}"


def _times(report: Report) -> str:
    return ", ".join(f"{name} {value:.0f} ms" for name, value in report.first_sentence_ms.items()) or "not measured"


def _cost(report: Report) -> str:
    return "not known" if report.cost_usd is None else f"${report.cost_usd:.4f}"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())


def _case(case: Case, results: Sequence[Result]) -> dict[str, object]:
    told = [{**each.model_dump(mode="json", exclude={"case"}), "why": why(each)} for each in results]
    return {"id": case.id, "kind": case.kind, "question": case.question, "results": told}


def _junit_case(suite: Xml.Element, case: Case, result: Result) -> None:
    test = Xml.SubElement(suite, "testcase", classname=case.kind, name=case.id, time=_seconds([result]))
    if not result.passed:
        failure = Xml.SubElement(test, "error" if result.error else "failure", message=_plain(why(result)))
        failure.text = _plain(f"question: {case.question}\nexpected: {case.expect.behaviour}\nanswer: {result.trace or 'none'}")


def _seconds(results: Iterable[Result]) -> str:
    return f"{sum(each.total_ms for each in results) / 1000:.3f}"


def _plain(text: str) -> str:
    """Without what XML has no sign for."""
    return "".join(
        sign for sign in text if sign in "\n\t" or " " <= sign < "\ud800" or "\ue000" <= sign < "\ufffe" or sign > "\uffff"
    )
