"""Answers written by language models: who is asked, what is checked, what it may cost, and what the reader hears."""

from collections.abc import Sequence

import pytest

from firmground.answer.prompt import Kind, Prompt, read_prompt
from firmground.app.asking.prompting import packaged
from firmground.errors import ModelFailed
from firmground.language_model import ModelCode, Tokens, Verification
from firmground.ports import LanguageModel
from firmground.serve.account import Account
from firmground.serve.generation import Generation, Models, Routing, Task, Written, write
from firmground.testing.model import ScriptedModel, failed
from firmground.types import Locator, Passage, Scores

LEAVE = "Everybody has thirty days of annual leave. Five days may be carried over until 31 March. Unused days lapse after that."
TRAVEL = "The daily allowance in Austria is 30 euro. Train tickets are booked by the assistant."
TRUE = "Five days may be carried over until 31 March. [1]"
ALSO_TRUE = "Everybody has thirty days of annual leave. [1]"
FALSE = "Ten days may be carried over until 31 March. [1]"
FALSE_TOO = "Everybody has fifty days of annual leave. [1]"


def a_prompt(kind: Kind) -> Prompt:
    return read_prompt(f"{kind}.md", packaged(kind), kind)


def a_passage(n: int, text: str, title: str) -> Passage:
    return Passage(
        passage=f"p{n}", document=f"d{n}", title=title, uri=f"docs/{n}.md", language="en", locator=Locator(start=0, end=len(text)),
        text=text, score=1.0 - n / 10, scores=Scores(lexical=1.0, dense=0.5),
    )  # fmt: skip


PASSAGES = (a_passage(1, LEAVE, "Annual leave"), a_passage(2, TRAVEL, "Travel"))


class Asking:
    """One question put to some models."""

    def __init__(self, *models: ScriptedModel, judge: "Judging | None" = None, **recipe: object) -> None:
        self.models = {model.name: model for model in models}
        names = [model.name for model in models]
        routing = recipe.pop("routing", Routing(model=names[0], fallbacks=tuple(names[1:])))
        self.recipe = Generation.model_validate(
            {
                "routing": routing,
                "prompt": a_prompt("answer"),
                "repair": a_prompt("repair"),
                "judge": "scripted/judge" if judge else "",
                **recipe,
            }
        )
        self.judge = judge
        self.shown: list[str] = []
        self.withdrawn: list[str] = []
        self.account = Account(self.recipe.budget_usd)

    def __call__(
        self, confidence: float = 0.9, cancelled: bool = False, passages: Sequence[Passage] = PASSAGES
    ) -> Written | None:
        task = Task("How many days of leave may be carried over?", "en", passages, "I don't know.", confidence)
        return write(
            self.recipe,
            Models(self.model, lambda: self.judge),
            task,
            self.account,
            show=lambda statement: self.shown.append(statement.text),
            withdraw=self._withdraw,
            cancelled=lambda: cancelled,
        )

    def model(self, name: str) -> LanguageModel:
        return self.models[name]

    def _withdraw(self, why: str) -> None:
        self.withdrawn.append(why)
        self.shown.clear()

    @property
    def outcomes(self) -> list[tuple[object, str]]:
        return [(step.detail.get("model", step.detail.get("by")), step.outcome) for step in self.account.steps]


class Judging:
    """A judge that says what it is told to."""

    name = "scripted/judge"

    def __init__(self, *verdicts: str) -> None:
        self.verdicts = list(verdicts)

    def cost(self, claim: str, passages: Sequence[str]) -> float:
        return 0.001

    def most(self, claim: str, passages: Sequence[str]) -> Tokens:
        return Tokens(input=10, output=1)

    def verify(self, claim: str, passages: Sequence[str], *, cancelled: object = None) -> Verification:
        verdict = self.verdicts.pop(0)
        if verdict == "fails":
            raise failed("timeout")
        return Verification.model_validate({"verdict": verdict, "tokens": Tokens(input=10, output=1), "cost_usd": 0.001})


def said(written: Written | None) -> list[str]:
    return [statement.text for statement in written.statements] if written else []


def a_model(*replies: str | ModelFailed, name: str = "scripted/model", **fields: object) -> ScriptedModel:
    return ScriptedModel(replies, name=name, structured=False, **fields)


# ---------------------------------------------------------------- what is said


def test_each_sentence_is_shown_as_soon_as_it_is_checked_and_rests_on_its_exact_span():
    asking = Asking(a_model(f"{TRUE} {ALSO_TRUE}"))
    written = asking()
    assert (
        asking.shown
        == said(written)
        == ["Five days may be carried over until 31 March.", "Everybody has thirty days of annual leave."]
    )
    assert written is not None
    spans = [LEAVE[place.start : place.end] for statement in written.statements for place in statement.places]
    assert spans == asking.shown
    assert {statement.check for statement in written.statements} == {"no_mismatch_found"}


def test_a_place_is_named_by_the_heading_above_its_span_not_by_that_of_the_whole_passage():
    text = "## Illness\n\nWho falls ill tells the office.\n\n## Carrying over\n\nFive days may be carried over until 31 March."
    passage = a_passage(1, text, "Annual leave").model_copy(
        update={"locator": Locator(start=0, end=len(text), heading="Annual leave > Illness")}
    )
    written = Asking(a_model(TRUE))(passages=(passage,))
    assert written is not None
    assert [place.heading for statement in written.statements for place in statement.places] == ["Carrying over"]


def test_a_sentence_that_its_passage_contradicts_is_mended_once_and_takes_its_place():
    model = a_model(f"{FALSE} {ALSO_TRUE}", TRUE)
    asking = Asking(model)
    assert said(asking()) == ["Five days may be carried over until 31 March.", "Everybody has thirty days of annual leave."]
    assert asking.shown == ["Everybody has thirty days of annual leave.", "Five days may be carried over until 31 March."]
    assert "Ten days" in model.calls[1].messages[1].text
    assert len(model.calls) == 2


def test_what_does_not_hold_after_one_repair_is_left_out_and_never_shown():
    model = a_model(f"{ALSO_TRUE} {FALSE}", FALSE)
    asking = Asking(model)
    written = asking()
    assert said(written) == asking.shown == ["Everybody has thirty days of annual leave."]
    assert written is not None
    assert [claim.drafted.text for claim in written.lost] == ["Ten days may be carried over until 31 March."]
    assert len(model.calls) == 2


@pytest.mark.parametrize(
    "sentence",
    ["Five days may be carried over.", "Five days may be carried over. [7]", "Bananas are yellow and sweet. [1]", FALSE],
    ids=["no mark", "a passage that is not there", "a passage that says nothing of it", "a wrong number"],
)
def test_nothing_is_shown_without_a_citation_that_bears_it_out(sentence: str):
    asking = Asking(a_model(sentence, sentence))
    assert asking() is None
    assert asking.shown == []
    assert asking.outcomes == [("scripted/model", "not_borne_out")]


def test_what_a_model_says_again_and_again_is_said_once():
    asking = Asking(a_model(f"{TRUE} {ALSO_TRUE} " * 15))
    assert said(asking()) == asking.shown == [TRUE.removesuffix(" [1]"), ALSO_TRUE.removesuffix(" [1]")]


@pytest.mark.parametrize("reason", ["timeout", "overloaded", "nonsense"])
def test_what_held_is_still_said_where_the_repair_fails(reason: ModelCode):
    asking = Asking(a_model(f"{TRUE} {FALSE_TOO}", failed(reason)))
    assert said(asking()) == asking.shown == [TRUE.removesuffix(" [1]")]
    assert asking.withdrawn == []
    assert asking.outcomes == [("scripted/model", reason), ("scripted/model", "written")]


def test_what_held_is_still_said_where_the_budget_has_no_room_for_the_repair():
    asking = Asking(a_model(f"{TRUE} {FALSE_TOO}", TRUE, cost_per_token=1e-6), budget_usd=0.0015)
    assert said(asking()) == asking.shown == [TRUE.removesuffix(" [1]")]
    assert asking.outcomes == [("scripted/model", "over_budget"), ("scripted/model", "written")]


def test_an_answer_that_cannot_be_read_is_asked_for_once_more():
    asking = Asking(a_model("```json\n{", TRUE))
    assert said(asking()) == ["Five days may be carried over until 31 March."]


def test_words_that_only_announce_the_answer_are_not_said_and_cost_no_repair():
    model = a_model(f"Here is what the passages say:\n\n{TRUE}")
    assert said(Asking(model)()) == ["Five days may be carried over until 31 March."]
    assert len(model.calls) == 1


def test_a_model_that_says_the_passages_do_not_answer_is_believed():
    written = Asking(a_model("NO_ANSWER"), a_model(TRUE, name="scripted/other"))()
    assert written is not None
    assert written.declined
    assert said(written) == []


def test_a_model_that_declines_is_doubted_while_a_stronger_one_is_left():
    routing = Routing(model="scripted/model", strong_model="scripted/strong")
    asking = Asking(a_model("NO_ANSWER"), a_model(TRUE, name="scripted/strong"), routing=routing)
    assert said(asking()) == ["Five days may be carried over until 31 March."]


def test_a_draft_is_shown_only_when_the_whole_of_it_holds():
    asking = Asking(a_model(f"{ALSO_TRUE} {TRUE}"), on_mismatch="draft")
    assert len(said(asking())) == 2
    assert asking.shown == []


# ---------------------------------------------------------------- who is asked


def test_the_strong_model_is_asked_first_only_where_the_confidence_is_low():
    routing = Routing(model="s/cheap", strong_model="s/dear", strong_below=0.7, fallbacks=("s/spare", "extractive", "s/never"))
    assert routing.chain(0.9) == ("s/cheap", "s/dear", "s/spare")
    assert routing.chain(0.5) == ("s/dear", "s/cheap", "s/spare")
    assert Routing().chain(0.5) == ()


@pytest.mark.parametrize(
    "reason", ["unreachable", "timeout", "refused", "rejected", "overloaded", "cut_off", "nonsense", "unavailable"]
)
def test_where_a_model_fails_the_next_one_answers(reason: ModelCode):
    asking = Asking(a_model(failed(reason)), a_model(TRUE, name="scripted/other"))
    assert said(asking()) == ["Five days may be carried over until 31 March."]
    assert asking.outcomes == [("scripted/model", reason), ("scripted/other", "written")]


def test_what_a_model_said_before_it_broke_off_is_withdrawn():
    broken = ScriptedModel([failed("cut_off")], name="s/broken", structured=False, fail_after=25, rules=lambda _: None)
    broken._said = lambda reply, call, read, cancelled: _cut_off(TRUE)
    asking = Asking(broken, a_model(ALSO_TRUE, name="scripted/other"))
    assert said(asking()) == asking.shown == ["Everybody has thirty days of annual leave."]
    assert len(asking.withdrawn) == 1


def _cut_off(text: str):
    from firmground.language_model import Delta

    yield Delta(text=f"{text} And then there")
    raise failed("cut_off")


def test_where_the_answer_of_a_model_does_not_hold_the_next_one_answers_and_the_first_is_withdrawn():
    first = f"{ALSO_TRUE} {FALSE} {FALSE_TOO}"
    asking = Asking(a_model(first, "NO_ANSWER"), a_model(TRUE, name="scripted/other"))
    assert said(asking()) == asking.shown == ["Five days may be carried over until 31 March."]
    assert len(asking.withdrawn) == 1


def test_where_all_models_fail_there_is_no_written_answer():
    asking = Asking(a_model(failed("timeout")), a_model(failed("overloaded"), name="scripted/other"))
    assert asking() is None
    assert [outcome for _, outcome in asking.outcomes] == ["timeout", "overloaded"]


def test_nobody_is_asked_any_more_once_the_asker_left():
    other = a_model(TRUE, name="scripted/other")
    with pytest.raises(ModelFailed) as left:
        Asking(a_model(TRUE), other)(cancelled=True)
    assert left.value.reason == "cancelled"
    assert other.calls == []


# ---------------------------------------------------------------- what it costs


def test_tokens_and_money_of_all_calls_are_counted_also_of_those_that_failed():
    asking = Asking(
        a_model(failed("timeout", tokens=(100, 10)), cost_per_token=0.001),
        a_model(TRUE, name="scripted/other", cost_per_token=0.001),
    )
    asking()
    usage = asking.account.usage
    assert usage.input_tokens > 100
    assert usage.output_tokens > 10
    assert usage.cost_usd == pytest.approx((usage.input_tokens + usage.output_tokens) * 0.001)


def test_where_one_price_is_unknown_the_cost_is_unknown_and_never_zero():
    asking = Asking(a_model(TRUE, cost_per_token=None))
    assert said(asking())
    assert asking.account.usage.cost_usd is None


@pytest.mark.parametrize(("budget", "price"), [(0.0, 0.0), (0.0, 0.001), (0.5, 0.001), (10.0, None)])
def test_a_call_that_could_cost_more_than_is_left_is_not_made(budget: float, price: float | None):
    model = a_model(TRUE, cost_per_token=price)
    asking = Asking(model, budget_usd=budget)
    assert asking() is None
    assert model.calls == []
    assert asking.outcomes == [("scripted/model", "over_budget")]


def test_a_cheaper_model_that_the_budget_allows_answers_instead():
    dear, cheap = a_model(TRUE, name="s/dear", cost_per_token=1.0), a_model(TRUE, name="s/cheap", cost_per_token=1e-6)
    asking = Asking(dear, cheap, budget_usd=0.1)
    assert said(asking())
    assert (len(dear.calls), len(cheap.calls)) == (0, 1)


# ---------------------------------------------------------------- the judge


def test_what_the_judge_calls_contradicted_is_not_shown():
    asking = Asking(a_model(f"{TRUE} {ALSO_TRUE}", "NO_ANSWER"), judge=Judging("contradicted", "supported"))
    assert said(asking()) == asking.shown == ["Everybody has thirty days of annual leave."]
    assert asking.account.usage.cost_usd == pytest.approx(0.002)


def test_a_judge_that_fails_lets_nothing_pass():
    asking = Asking(a_model(TRUE), judge=Judging("fails"))
    assert asking() is None
    assert asking.shown == []


def test_a_judge_that_could_cost_more_than_is_left_is_not_asked_and_nothing_passes_unjudged():
    asking = Asking(a_model(f"{TRUE} {ALSO_TRUE}"), judge=Judging("supported"), budget_usd=0.0015)
    assert asking() is None
    assert asking.shown == []
    assert asking.outcomes == [("scripted/judge", "supported"), ("scripted/model", "over_budget")]
    assert asking.account.usage.cost_usd == pytest.approx(0.001)


def test_the_judge_is_not_asked_about_what_is_wrong_anyway():
    asking = Asking(a_model(f"{FALSE} {TRUE}", "NO_ANSWER"), judge=Judging("supported"))
    assert said(asking()) == ["Five days may be carried over until 31 March."]
