"""Is AI the right tool? What is simpler comes first: to read, to search, a list of answers, a query, and people where an error is grave."""

import re
from collections import Counter
from functools import partial
from typing import ClassVar

from firmground.evaluate.cases import Case
from firmground.evaluate.report import Rival
from firmground.gate.audit import Evidence
from firmground.gate.brief import says_something
from firmground.gate.known import EVALUATE, About, Known, Recommendation, share
from firmground.types import Value

TABLES = (".csv", ".tsv", ".xlsx", ".xls", ".ods")
_LETTERS = re.compile(r"[^\W\d_]+")


class ShortEnoughToRead(Value):
    """Silent reading takes about 238 words a minute (Brysbaert 2019), some 1,400 characters; an hour of it is the longest that anybody
    reads once rather than ask again and again (our rule of thumb)."""

    name: ClassVar[str] = "short_enough_to_read"
    about: ClassVar[About] = "tool"
    characters_a_minute: int = 1400
    most_minutes: int = 60

    def look(self, known: Known) -> Recommendation:
        told = partial(Recommendation, rule=self.name, about=self.about)
        corpus = known.corpus
        if corpus is None or not corpus.documents:
            return told(
                leaning="unknown",
                advice="Sync the documents: what there is to read decides whether anything is to be built.",
                strength="not_known",
                said="No document is indexed.",
                changes="Measure: `firmground sync`.",
            )
        minutes = corpus.characters / self.characters_a_minute
        length = Evidence(
            label="what there is to read",
            value=f"{corpus.documents} documents, {corpus.characters:,} characters, about {max(1, round(minutes))} minutes",
            href="/documents",
            command="firmground status",
        )
        short = minutes <= self.most_minutes
        return told(
            leaning="change" if short else "keep",
            advice="Let people read it: one well-ordered page may do."
            if short
            else "There is more than anybody reads for a question.",
            strength="moderate" if short else "strong",
            said=f"All of it is read in about {max(1, round(minutes))} minutes; {self.most_minutes} are the limit of this rule.",
            evidence=(length,),
            changes=f"{'More' if short else 'Fewer'} than {self.most_minutes * self.characters_a_minute:,} characters.",
        )


class SearchMayDo(Value):
    """A search without vectors and without a model is a row in every comparison here; p by McNemar's exact test, 5 % as everywhere, and the
    fifty cases that a gate asks for anyway."""

    name: ClassVar[str] = "search_may_do"
    about: ClassVar[About] = "tool"
    rival: str = "bm25, top passage"
    enough_cases: int = 50

    def look(self, known: Known) -> Recommendation:
        return against(
            known,
            rule=self,
            rival=self.rival,
            enough=self.enough_cases,
            kept="Answers do what a plain search does not: keep them.",
            changed="Try a search that shows its best passage first: it may do.",
            called="the best passage of a search without AI",
        )


class QuotesMayDo(Value):
    """As above, for a language model against sentences that are quoted word for word: quotes are never made up, and cost nothing."""

    name: ClassVar[str] = "quotes_may_do"
    about: ClassVar[About] = "tool"
    rival: str = "extractive"
    enough_cases: int = 50

    def look(self, known: Known) -> Recommendation | None:
        if not known.models:
            return None
        return against(
            known,
            rule=self,
            rival=self.rival,
            enough=self.enough_cases,
            kept="A language model does what quotes do not: keep it.",
            changed="Try quotes without a language model first: they may do.",
            called="sentences quoted word for word",
        )


def against(
    known: Known, *, rule: SearchMayDo | QuotesMayDo, rival: str, enough: int, kept: str, changed: str, called: str
) -> Recommendation:
    """What a comparison on the golden cases says for or against something simpler."""
    told = partial(Recommendation, rule=rule.name, about=rule.about)
    report = known.report
    found: Rival | None = next((each for each in report.rivals if each.name == rival), None) if report else None
    if report is None or found is None:
        return told(
            leaning="unknown",
            advice=f"Compare with {called} on golden cases before anything is built on top.",
            strength="not_known",
            said="There is no evaluation that compares them.",
            changes=f"Measure: `{EVALUATE}`, with at least {enough} golden cases.",
        )
    better = found.verdict == "better"
    evidence = (
        known.of_report("cases passed", share(report.passed.events, report.passed.cases)),
        known.of_report(f"passed by {called}", share(found.passed.events, found.passed.cases)),
        known.of_report("won, lost", f"{found.better} won, {found.worse} lost (p = {found.p:.2g})"),
    )
    return told(
        leaning="keep" if better else "change",
        advice=kept if better else changed,
        strength=known.weight(report.passed.cases, enough),
        said=f"Against {called}: {found.verdict} on {report.passed.cases} cases.",
        evidence=evidence,
        changes="Cases of other kinds on which the difference is no longer shown."
        if better
        else "Golden cases on which it falls short, until the difference is shown (p < 0.05).",
    )


class FewQuestions(Value):
    """Where twenty questions make up four fifths of what is asked (the proportion that Juran named after Pareto), answers that a person
    wrote once are right each time. Below a hundred answers nothing is known of what people ask."""

    name: ClassVar[str] = "few_questions"
    about: ClassVar[About] = "tool"
    least_answers: int = 100
    frequent: int = 20
    from_share: float = 0.8

    def look(self, known: Known) -> Recommendation:
        told = partial(Recommendation, rule=self.name, about=self.about)
        asked = known.asked
        if asked is None or asked.answers < self.least_answers:
            return told(
                leaning="unknown",
                advice="Find out what people really ask: a list of answers may do.",
                strength="not_known",
                said=f"{asked.answers if asked else 0} answers to people are kept; fewer than {self.least_answers} tell nothing.",
                changes=f"Measure: let some people try it until {self.least_answers} answers are kept, then `firmground diagnose`.",
            )
        top = sum(asked.frequent[: self.frequent])
        few = top >= self.from_share * asked.answers
        evidence = Evidence(
            label=f"asked with one of the {self.frequent} most frequent questions",
            value=share(top, asked.answers),
            href="/evaluations",
            command="firmground answers list",
        )
        return told(
            leaning="change" if few else "keep",
            advice=f"Write the {self.frequent} answers down: a list of questions and answers may do."
            if few
            else "People ask too many different things for a list of answers.",
            strength="strong",
            said=f"{len(asked.frequent)} different questions in {asked.answers} answers.",
            evidence=(evidence,),
            changes=f"The share of the {self.frequent} most frequent {'below' if few else 'reaching'} {100 * self.from_share:.0f} %.",
        )


class AQueryMayDo(Value):
    """Where the answers are figures out of one table, a query gives each of them exactly, and sums that no passage holds. Four fifths as
    above; twenty cases show at least that it is no accident (our rule of thumb)."""

    name: ClassVar[str] = "a_query_may_do"
    about: ClassVar[About] = "tool"
    least_cases: int = 20
    from_share: float = 0.8

    def look(self, known: Known) -> Recommendation:
        told = partial(Recommendation, rule=self.name, about=self.about)
        expecting = [case for case in known.cases if case.expect.behaviour == "answer" and case.expect.contains]
        if len(expecting) < self.least_cases:
            return told(
                leaning="unknown",
                advice="Write golden cases that say what an answer must hold: then it shows whether a query would do.",
                strength="not_known",
                said=f"{len(expecting)} cases say what an answer must hold; {self.least_cases} are needed.",
                changes="Measure: golden cases with `expect.contains` and `expect.sources`.",
            )
        tables = Counter(table for case in expecting if _is_figure(case) and (table := _table(case)))
        table, count = tables.most_common(1)[0] if tables else ("", 0)
        one = count >= self.from_share * len(expecting)
        cases = Evidence(
            label=f"cases answered by figures of {table}" if table else "cases answered by figures of one table",
            value=share(count, len(expecting)),
            href="/cases",
            command="firmground cases list",
        )
        evidence = [cases]
        if known.corpus:
            tables_of = share(known.corpus.structured, known.corpus.documents)
            evidence.append(Evidence(label="documents that are tables", value=tables_of, href="/documents"))
        return told(
            leaning="change" if one else "keep",
            advice=f"Ask {table} by a query or a small script: it gives every figure exactly."
            if one
            else "The answers are not the figures of one table.",
            strength=known.weight(len(expecting), self.least_cases),
            said=f"Of the cases that say what an answer must hold, {share(count, len(expecting))} expect figures of one table.",
            evidence=tuple(evidence),
            changes=f"The share {'below' if one else 'reaching'} {100 * self.from_share:.0f} %.",
        )


def _is_figure(case: Case) -> bool:
    """Whether all that it expects are figures, with at most a unit."""
    every = [term for alternatives in case.expect.contains for term in alternatives]
    return all(any(sign.isdigit() for sign in term) and len(_LETTERS.findall(term)) <= 1 for term in every)


def _table(case: Case) -> str:
    """The one table that it rests on; empty where it rests on something else as well."""
    named = {source for alternatives in case.expect.sources for source in alternatives}
    return next(iter(named)) if len(named) == 1 and next(iter(named)).lower().endswith(TABLES) else ""


class NotWithoutPeople(Value):
    """Who lets a machine act alone where an error harms somebody cannot take it back. The words by which a consequence is taken for grave
    are those of areas that the EU AI Act (Regulation 2024/1689, annex III) calls high-risk, and of harm itself: a sign, no judgement."""

    name: ClassVar[str] = "not_without_people"
    about: ClassVar[About] = "tool"
    grave: tuple[str, ...] = (
        *(
            "health",
            "safety",
            "injur",
            "death",
            "harm",
            "patient",
            "medic",
            "legal",
            "court",
            "fine",
            "penalt",
            "lawsuit",
            "contract",
        ),
        *("payment", "salary", "credit", "loan", "insurance", "benefit", "dismiss", "hiring", "asylum", "police", "discriminat"),
        *("gesundheit", "sicherheit", "verletz", "schaden", "recht", "strafe", "vertrag", "gehalt", "kredit", "kündig"),
    )
    nobody: tuple[str, ...] = ("none", "nobody", "no one", "nothing", "keine", "keiner", "niemand")
    """What a review point begins with where there is none; or it is a bare no."""

    def look(self, known: Known) -> Recommendation:
        told = partial(Recommendation, rule=self.name, about=self.about)
        brief = known.brief
        consequence = brief.consequence_of_error.strip() if brief else ""
        if brief is None or not says_something(consequence):
            return told(
                leaning="unknown",
                advice="Write down what happens when an answer is wrong, before anybody relies on one.",
                strength="not_known",
                said=known.brief_problem or "The brief does not say what the consequence of an error is.",
                changes="Measure: `consequence_of_error` and `review_point` in the brief.",
            )
        found = sorted({hit for word in self.grave for hit in re.findall(rf"\b{word}\w*", consequence.casefold())})
        point = brief.review_point.strip()
        reviewed = says_something(point) and not self._says_nobody(point)
        evidence = [
            Evidence(label="consequence of an error", value=consequence, href="/brief"),
            Evidence(label="review point", value=point or "none", href="/brief"),
        ]
        if known.report:
            wrong = known.report.answered_wrongly
            evidence.append(known.of_report("answered wrongly, at most (95 %)", f"{100 * wrong.upper:.1f} %"))
        if reviewed:
            advice, leaning = "A person looks before anything happens: keep that.", "keep"
        elif found:
            advice, leaning = "Not without people: name who looks at an answer before the final action.", "change"
        else:
            advice, leaning = "Answers may be shown at once, as long as an error stays cheap.", "keep"
        return told(
            leaning=leaning,
            advice=advice,
            strength="weak" if brief.sample else "strong" if reviewed or found else "moderate",
            said=f"The consequence names {', '.join(found)}."
            if found
            else "The consequence names nothing that is taken for grave.",
            evidence=tuple(evidence),
            changes="A review point in the brief, or a consequence that is none."
            if leaning == "change"
            else "A consequence that is grave, without anybody who looks.",
        )

    def _says_nobody(self, point: str) -> bool:
        said = point.casefold()
        return said.rstrip(".") in {"no", "nein"} or any(re.match(rf"{word}\b", said) for word in self.nobody)
