"""What to do with an existing prototype: evolve it, modernise it, or write it anew."""

from itertools import product
from typing import ClassVar, Literal, TypeAlias

from firmground.gate.audit import Evidence
from firmground.gate.known import About, Known, Prototype, Recommendation, share
from firmground.types import Value

Way: TypeAlias = Literal["evolve", "modernise", "rewrite"]
_ADVICE: dict[Way, str] = {
    "evolve": "Evolve {name}: build on it, it holds.",
    "modernise": "Modernise {name}: keep what it knows (prompts, data, cases), and put it onto a base that is tested.",
    "rewrite": "Write {name} anew: take over its questions and its data, and none of its code.",
}
_ASKED = {
    "has_tests": "tests",
    "has_golden_cases": "golden cases",
    "dependencies_pinned": "pinned dependencies",
    "framework_maintained": "a framework that is maintained",
    "respects_permissions": "permissions that hold",
    "data_path": "data that comes by itself",
}


class WhichWay(Value):
    """What can be changed safely is what has tests, cases and pinned parts (Feathers 2004); what shows people what they may not see, or
    answers worse than what is here already, costs more to mend than to replace once half of that is missing as well. The counts are ours.
    Unknown points are taken both ways: only where both lead the same way is anything advised."""

    name: ClassVar[str] = "which_way"
    about: ClassVar[About] = "prototype"
    rewrite_from: int = 3
    """Points missing from which on one that is worse, or leaks, is written anew."""
    many_users: int = 20

    def look(self, known: Known) -> Recommendation | None:
        prototype = known.prototype
        if prototype is None:
            return None
        has, unknown = _points(prototype)
        compared = known.compared
        worse = None if compared is None else compared.of_prototype == "worse"
        ways = self._ways(has, worse)
        evidence = [Evidence(label=_ASKED[name], value={True: "yes", False: "no", None: "not known"}[has[name]]) for name in has]
        if compared is not None:
            evidence.append(
                Evidence(
                    label="golden cases passed by the prototype",
                    value=share(compared.passed.events, compared.passed.cases),
                    href="/cases",
                )
            )
            evidence.append(known.of_report("by the release", share(compared.ours.events, compared.ours.cases)))
            more = "; sources were looked at in neither" if compared.without_sources else ""
            value = f"{compared.better} only by the release, {compared.worse} only by the prototype (p = {compared.p:.2g}){more}"
            evidence.append(Evidence(label="passed", value=value))
        if len(ways) > 1:
            missing = [_ASKED[name] for name in unknown] + (["its answers to the golden cases"] if worse is None else [])
            return Recommendation(
                rule=self.name,
                about=self.about,
                leaning="unknown",
                advice=f"Find out more about {prototype.name}: what is known leads to {' or '.join(ways)}.",
                strength="not_known",
                said=f"Not known: {', '.join(missing)}.",
                evidence=tuple(evidence),
                changes="Measure: answer the open questions in the file of the prototype, and let it answer the golden cases.",
            )
        way = ways[0]
        lacks = [_ASKED[name] for name, value in has.items() if value is False]
        side = (
            " People rely on it: run both beside each other until the new one is shown to be no worse."
            if self._relied_on(way, prototype)
            else ""
        )
        return Recommendation(
            rule=self.name,
            about=self.about,
            leaning="keep" if way == "evolve" else "change",
            advice=_ADVICE[way].format(name=prototype.name) + side,
            strength="moderate" if unknown or worse is None else known.weight(compared.passed.cases if compared else 0, 50),
            said=f"It lacks {', '.join(lacks)}." if lacks else "It lacks none of what is asked for.",
            evidence=tuple(evidence),
            changes=_changes(way),
        )

    def _ways(self, has: dict[str, bool | None], worse: bool | None) -> list[Way]:
        """All that the unknown could lead to."""
        open_points = [name for name, value in has.items() if value is None]
        found: dict[Way, None] = {}
        for values in product((True, False), repeat=len(open_points)):
            complete = {name: bool(value) for name, value in {**has, **dict(zip(open_points, values, strict=True))}.items()}
            for each in (True, False) if worse is None else (worse,):
                found[self._way(complete, each)] = None
        return [way for way in _ADVICE if way in found]

    def _way(self, has: dict[str, bool], worse: bool) -> Way:
        missing = sum(not value for value in has.values())
        if (worse or not has["respects_permissions"]) and missing >= self.rewrite_from:
            return "rewrite"
        return "modernise" if missing or worse else "evolve"

    def _relied_on(self, way: Way, prototype: Prototype) -> bool:
        return way != "evolve" and (prototype.users or 0) >= self.many_users


def _points(prototype: Prototype) -> tuple[dict[str, bool | None], list[str]]:
    """What it has of what is asked for, and what is not known."""
    path = None if prototype.data_path is None else prototype.data_path != "copied"
    has: dict[str, bool | None] = {name: path if name == "data_path" else getattr(prototype, name) for name in _ASKED}
    return has, [name for name, value in has.items() if value is None]


def _changes(way: Way) -> str:
    return {
        "evolve": "Golden cases on which the release is shown to be better, or one of the points lost.",
        "modernise": "The points that it lacks, once it has them; or golden cases on which it is shown to be worse.",
        "rewrite": "Permissions that hold and golden cases on which it is shown to be no worse, or most of the points that it lacks.",
    }[way]
