"""Which pattern fits: retrieval as it is, tuned retrieval, better writing, both; and what is to be mended before any of them."""

import re
from functools import partial
from typing import ClassVar

from firmground.evaluate.report import Result, answered
from firmground.gate.audit import Evidence
from firmground.gate.brief import says_something
from firmground.gate.known import EVALUATE, About, Known, Recommendation, share
from firmground.types import Value


class WhichPattern(Value):
    """Where answers go wrong decides what is worth tuning: evidence that was not found cannot be written well, and evidence that was found
    needs no better search. One in five and one in ten are our rules of thumb; thirty cases are the least for which the 95 % interval of
    such a share is narrower than ±.15."""

    name: ClassVar[str] = "which_pattern"
    about: ClassVar[About] = "pattern"
    enough_cases: int = 30
    missed_from: float = 0.2
    """Share of cases whose sources were not all found."""
    wrong_from: float = 0.1
    """Share of those with all sources found that failed all the same."""

    def look(self, known: Known) -> Recommendation:
        told = partial(Recommendation, rule=self.name, about=self.about)
        seen = [
            (case, results)
            for case, results in known.results
            if case.expect.behaviour == "answer" and results and all(each.retrieval is not None for each in results)
        ]
        if known.report is None or not seen:
            return told(
                leaning="unknown",
                advice="Measure retrieval apart from answers before anything is tuned.",
                strength="not_known",
                said="No evaluated case names the sources of its answer.",
                changes=f"Measure: golden cases with `expect.sources`, then `{EVALUATE}`.",
            )
        missed = [case for case, results in seen if not all(map(_found, results))]
        found = [results for _, results in seen if all(map(_found, results))]
        failed = sum(not all(each.passed for each in results) for results in found)
        silent = sum(not any(map(answered, results)) for results in found)
        there = [known.words_there[case.digest] for case in missed if case.digest in known.words_there]
        retrieval_lacks = len(missed) >= self.missed_from * len(seen)
        writing_lacks = bool(found) and failed >= self.wrong_from * len(found)
        evidence = (
            known.of_report("cases whose sources were not all found", share(len(missed), len(seen))),
            known.of_report("of these, the documents hold the words", share(sum(there), len(there))),
            known.of_report("failed although all sources were found", share(failed, len(found))),
            known.of_report("of these, got no answer at all", share(silent, failed)),
        )
        words_missing = retrieval_lacks and 2 * sum(there) < len(there)
        return told(
            leaning="change" if retrieval_lacks or writing_lacks else "keep",
            advice=_advice(retrieval_lacks, writing_lacks, words_missing, _writing(2 * silent > failed, bool(known.models))),
            strength=known.weight(len(seen), self.enough_cases),
            said=f"Sources found for {share(len(found), len(seen))}; of those {share(len(found) - failed, len(found))} passed.",
            evidence=evidence,
            changes=f"Misses {'below' if retrieval_lacks else 'reaching'} {100 * self.missed_from:.0f} %, or failures with all sources"
            f" found {'below' if writing_lacks else 'reaching'} {100 * self.wrong_from:.0f} %.",
        )


def _found(result: Result) -> bool:
    return result.retrieval is not None and result.retrieval.recall >= 1


def _writing(silent: bool, written: bool) -> str:
    """What helps where everything was found."""
    if silent:
        return "most of what fails gets no answer, so calibrate on your own documents before anything is rewritten"
    return "another prompt or model, and fine-tuned writing last" if written else "a language model beside the quotes"


def _advice(retrieval_lacks: bool, writing_lacks: bool, words_missing: bool, writing: str) -> str:
    if words_missing:
        return "Write what is missing into the documents first: what they do not say no retrieval finds and no model knows."
    if retrieval_lacks and writing_lacks:
        return f"Both: tuned retrieval first, then {writing}."
    if retrieval_lacks:
        return (
            "Tuned retrieval: the words are there and not found. Weights first, then embeddings tuned on questions of your own."
        )
    if writing_lacks:
        return f"Retrieval as it is, and better answers from it: {writing}."
    return "Retrieval as it is: nothing here asks for tuning."


class DocumentsFirst(Value):
    """One document in ten that contradicts, repeats or has outlived another makes as many answers wrong whatever model writes them (our
    rule of thumb; the gate allows 2 %)."""

    name: ClassVar[str] = "documents_first"
    about: ClassVar[About] = "pattern"
    least_documents: int = 10
    troubled_from: float = 0.1

    def look(self, known: Known) -> Recommendation:
        told = partial(Recommendation, rule=self.name, about=self.about)
        corpus = known.corpus
        if corpus is None or corpus.documents < self.least_documents:
            return told(
                leaning="unknown",
                advice="Look at the documents before at any model.",
                strength="not_known",
                said=f"{corpus.documents if corpus else 0} documents are indexed; {self.least_documents} are needed.",
                changes="Measure: `firmground sync`, then `firmground documents quality`.",
            )
        troubled = corpus.troubled >= self.troubled_from * corpus.documents
        kinds = ", ".join(f"{count} {code.replace('_', ' ')}" for code, count in sorted(corpus.findings.items()))
        evidence = Evidence(
            label="documents that make answers wrong",
            value=share(corpus.troubled, corpus.documents) + (f": {kinds}" if kinds else ""),
            href="/documents#quality",
            command="firmground documents quality",
        )
        return told(
            leaning="change" if troubled else "keep",
            advice="Mend the documents before a model: contradictions and outdated versions first."
            if troubled
            else "The documents are in order.",
            strength="strong",
            said=f"{share(corpus.troubled, corpus.documents)} documents contradict, repeat or have outlived another.",
            evidence=(evidence,),
            changes=f"The share {'below' if troubled else 'reaching'} {100 * self.troubled_from:.0f} %.",
        )


class FactsStayOutside(Value):
    """What a model learned by fine-tuning it tells until it is trained again, without a source; and new facts are learned slowly and make
    it invent more (Gekhman et al. 2024). One document in twenty within thirty days is more than anybody trains for (our rule of thumb)."""

    name: ClassVar[str] = "facts_stay_outside"
    about: ClassVar[About] = "pattern"
    changed_from: float = 0.05

    def look(self, known: Known) -> Recommendation:
        told = partial(Recommendation, rule=self.name, about=self.about)
        corpus = known.corpus
        if corpus is None or not corpus.documents or corpus.watched_days < corpus.window_days:
            days = corpus.watched_days if corpus else 0
            return told(
                leaning="keep",
                advice="Do not fine-tune facts into a model: it cannot cite them, and cannot forget them.",
                strength="moderate",
                said=f"How often facts change is not known yet: the documents were watched for {days:.0f} days.",
                changes=f"Measure: {corpus.window_days if corpus else 30} days of syncs; then this says how fast facts age.",
            )
        often = corpus.changed >= self.changed_from * corpus.documents
        evidence = Evidence(
            label=f"documents changed within {corpus.window_days} days",
            value=share(corpus.changed, corpus.documents),
            href="/documents",
            command="firmground sync",
        )
        return told(
            leaning="keep",
            advice="Never fine-tune facts into a model here: they change faster than anybody trains."
            if often
            else "Do not fine-tune facts into a model: it cannot cite them, even though they change little here.",
            strength="strong" if often else "moderate",
            said=f"{share(corpus.changed, corpus.documents)} documents changed within {corpus.window_days} days.",
            evidence=(evidence,),
            changes=f"The share {'below' if often else 'reaching'} {100 * self.changed_from:.0f} %: it decides how firmly, not whether.",
        )


class WordingByPrompt(Value):
    """Fine-tuning teaches form (Zhou et al. 2023), which a prompt with examples teaches as well for a tenth of the work; so it comes after
    one that failed on cases. The words by which an output is taken to be about form are ours."""

    name: ClassVar[str] = "wording_by_prompt"
    about: ClassVar[About] = "pattern"
    form: tuple[str, ...] = (
        *("format", "style", "tone", "template", "letter", "json", "xml", "structured", "voice", "wording", "e-mail", "summary"),
        *("stil", "tonfall", "vorlage", "formular", "zusammenfassung"),
    )

    def look(self, known: Known) -> Recommendation:
        told = partial(Recommendation, rule=self.name, about=self.about)
        output = known.brief.output.strip() if known.brief else ""
        if not says_something(output):
            return told(
                leaning="unknown",
                advice="Say what form an answer must have before its wording is trained.",
                strength="not_known",
                said=known.brief_problem or "The brief does not say what the output is.",
                changes="Measure: `output` in the brief.",
            )
        found = sorted({hit for word in self.form for hit in re.findall(rf"\b{word}\w*", output.casefold())})
        evidence = Evidence(label="output", value=output, href="/brief")
        if found and not known.models:
            advice = (
                "A form of its own needs a language model: quotes keep the documents' words. Try one with examples in its prompt."
            )
        elif found:
            advice = "Ask for the form in the prompt, with examples; fine-tune the wording only where that fails on golden cases."
        else:
            advice = "Nothing is asked of the wording that would need training."
        return told(
            leaning="change" if found else "keep",
            advice=advice,
            strength="weak" if known.brief and known.brief.sample else "moderate",
            said=f"The output names {', '.join(found)}." if found else "The output names no form of its own.",
            evidence=(evidence,),
            changes="Golden cases on the form that a prompt with examples fails."
            if found
            else "An output of another form in the brief.",
        )


class AnotherEmbedder(Value):
    """A model compares meaning only in languages it was trained for; in others words alone are compared. One document in ten is too many to
    be found that way (our rule of thumb)."""

    name: ClassVar[str] = "another_embedder"
    about: ClassVar[About] = "pattern"
    uncovered_from: float = 0.1

    def look(self, known: Known) -> Recommendation | None:
        corpus = known.corpus
        if corpus is None or not corpus.documents:
            return None
        many = corpus.uncovered >= self.uncovered_from * corpus.documents
        languages = ", ".join(f"{count} {code or 'unknown'}" for code, count in list(corpus.languages.items())[:8])
        evidence = Evidence(
            label="documents by language", value=languages, href="/documents", command="firmground documents quality"
        )
        return Recommendation(
            rule=self.name,
            about=self.about,
            leaning="change" if many else "keep",
            advice="Take an embedding model that was trained for the languages of the documents."
            if many
            else "The embedding model was trained for the languages of the documents.",
            strength="strong",
            said=f"{share(corpus.uncovered, corpus.documents)} documents are in a language that it was not trained for.",
            evidence=(evidence,),
            changes=f"The share {'below' if many else 'reaching'} {100 * self.uncovered_from:.0f} %.",
        )


class Affordable(Value):
    """The two limits of the gate: half a second to the first checked sentence, ten cents an answer."""

    name: ClassVar[str] = "affordable"
    about: ClassVar[About] = "pattern"
    most_usd: float = 0.10
    most_ms: float = 500.0
    enough_cases: int = 50

    def look(self, known: Known) -> Recommendation:
        told = partial(Recommendation, rule=self.name, about=self.about)
        report = known.report
        p95 = report.first_sentence_ms.get("p95") if report else None
        if report is None or p95 is None:
            return told(
                leaning="unknown",
                advice="Measure what an answer takes before a pattern is chosen.",
                strength="not_known",
                said="No evaluation has measured time and money.",
                changes=f"Measure: `{EVALUATE}`.",
            )
        cost = report.cost_usd
        evidence = (
            known.of_report("first checked sentence, p95", f"{p95:.0f} ms"),
            known.of_report("cost of a case", "not known" if cost is None else f"${cost:.4f}"),
        )
        if cost is None:
            return told(
                leaning="unknown",
                advice="Enter the price of the model: what is not known cannot be afforded.",
                strength="not_known",
                said="The price of a model is not known.",
                evidence=evidence,
                changes="Measure: the model's price under [prices] in firmground.toml.",
            )
        fits = cost < self.most_usd and p95 < self.most_ms
        cheaper = (
            "a smaller model first, the strong one where confidence is low"
            if known.models
            else "a smaller index or machine first"
        )
        return told(
            leaning="keep" if fits else "change",
            advice="Time and money fit." if fits else f"Make it lighter: {cheaper}.",
            strength=known.weight(report.passed.cases, self.enough_cases),
            said=f"{p95:.0f} ms of {self.most_ms:.0f}, ${cost:.4f} of ${self.most_usd:.2f}.",
            evidence=evidence,
            changes=f"{'Reaching' if fits else 'Below'} {self.most_ms:.0f} ms {'or' if fits else 'and'} ${self.most_usd:.2f}.",
        )
