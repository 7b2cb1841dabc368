"""The questions of the launch brief as a person is asked them: five steps, each question with what to write and an example."""

from collections.abc import Mapping
from typing import NamedTuple

from firmground.gate.brief import FIELDS, TABLES
from firmground.web.language import marked


class Question(NamedTuple):
    """One field. `help` is the description of the field itself."""

    label: str
    help: str
    example: str = ""


class Step(NamedTuple):
    """Questions that are answered in one go."""

    slug: str
    title: str
    lead: str
    questions: tuple[str, ...]

    @property
    def fields(self) -> tuple[str, ...]:
        """With the parts of each question."""
        return tuple(field for field in FIELDS if field.partition(".")[0] in self.questions)


STEPS: tuple[Step, ...] = (
    Step(
        "who",
        marked("Who"),
        marked("Who owns it, who decides, and who asks."),
        ("workflow_owner", "decision_owner", "user_role"),
    ),
    Step(
        "what",
        marked("What it does"),
        marked("From the moment somebody needs an answer to what they do with it."),
        ("trigger", "input", "ai_task", "output", "review_point", "final_action"),
    ),
    Step(
        "limits",
        marked("Limits"),
        marked("What it may do, what it must never do, and what it cannot do. Whoever may ask sees all three."),
        ("allowed_actions", "blocked_actions", "known_limitations"),
    ),
    Step(
        "failure",
        marked("When it fails"),
        marked("What a mistake costs, what people do instead, and who is called."),
        ("consequence_of_error", "fallback_path", "rollback_path", "alert_owner"),
    ),
    Step(
        "proof",
        marked("How we know that it works"),
        marked("What is measured, what is promised, and when somebody looks at all of this again."),
        ("success_metric", "sla", "first_review"),
    ),
)
GROUPS: Mapping[str, str] = {"success_metric": marked("Measure of success"), "sla": marked("Promise of the service")}
"""Names of the questions that have parts."""
QUESTIONS: Mapping[str, Question] = {
    "workflow_owner": Question(
        marked("Owner of the workflow"),
        marked("Who owns the work that this is part of, and how to reach them."),
        marked("Ada Ling, People team, people@example.org"),
    ),
    "decision_owner": Question(
        marked("Who decides"),
        marked("Who decides that it goes live, and that it stops."),
        marked("The head of operations, after hearing the works council"),
    ),
    "user_role": Question(
        marked("Who asks"), marked("Who asks, and for what work."), marked("Anyone of the 240 employees who looks up a rule")
    ),
    "trigger": Question(
        marked("Trigger"),
        marked("What makes somebody ask: the moment in their work."),
        marked("A question about leave or travel that today goes to the People team by mail"),
    ),
    "input": Question(
        marked("Input"),
        marked("What comes in: questions of which kind, documents from where, in which languages."),
        marked("One question in English or German; the handbook, without personnel files"),
    ),
    "ai_task": Question(
        marked("What the system does"),
        marked("What the system does between question and answer, and nothing more."),
        marked("Find the passages that answer, quote them, and name the page of each sentence"),
    ),
    "output": Question(
        marked("Output"),
        marked("What comes out, and in which form."),
        marked("A few sentences with their sources, or that the handbook does not answer"),
    ),
    "review_point": Question(
        marked("Review point"),
        marked("Who looks at an answer before it counts; or that nobody does, and why that is safe."),
        marked("Nobody: an answer grants nothing. The People team reads twenty of them each Friday"),
    ),
    "final_action": Question(
        marked("Final action"),
        marked("What is done with an answer, and by whom."),
        marked("The employee acts on the cited page, or asks the People team"),
    ),
    "allowed_actions": Question(
        marked("Allowed actions"), marked("What it may do, a line for each."), marked("Quote the handbook, with the page")
    ),
    "blocked_actions": Question(
        marked("Blocked actions"), marked("What it must never do, a line for each."), marked("Approve or book anything")
    ),
    "known_limitations": Question(
        marked("Known limitations"),
        marked("What it does not know or gets wrong, a line for each."),
        marked("It knows the handbook as of last night, and no mail after that"),
    ),
    "consequence_of_error": Question(
        marked("What a wrong answer costs"),
        marked("What a wrong answer can cost: money, time, harm, and to whom."),
        marked("Somebody books leave that is not granted: a few hundred euros"),
    ),
    "fallback_path": Question(
        marked("Fallback"),
        marked("What people do when it does not work: whom they ask, where they look."),
        marked("The handbook on the intranet, then the People team, from 8:00 to 17:00"),
    ),
    "rollback_path": Question(
        marked("Way back"),
        marked("How it goes back to what worked before, who does that, and how long it takes."),
        marked("The service desk rolls back to the release before, which takes seconds"),
    ),
    "alert_owner": Question(
        marked("Who is called"),
        marked("Who is called when something is wrong, and how."),
        marked("The service desk, +49 40 66969 111"),
    ),
    "success_metric.name": Question(
        marked("What is counted"),
        marked("What is counted, and how, so that two people count the same."),
        marked("Questions that reach the People team by mail, each week"),
    ),
    "success_metric.baseline": Question(
        marked("Before"), marked("What it was before, and when that was measured."), marked("131 a week, counted in October 2026")
    ),
    "success_metric.target": Question(
        marked("Target"), marked("What it shall become, and by when."), marked("Below 80 a week after three months")
    ),
    "sla.availability": Question(
        marked("Availability"), marked("When it works, e.g. 99 % of working hours."), marked("99 % of weekdays, 8:00 to 18:00")
    ),
    "sla.p95_ms": Question(
        marked("First sentence within (milliseconds)"),
        marked("Milliseconds until 95 of 100 askers see the first checked sentence."),
        "500",
    ),
    "sla.owner": Question(
        marked("Who keeps the promise"),
        marked("The person who keeps this promise, and whom to ask about it."),
        marked("The head of IT"),
    ),
    "sla.alert_route": Question(
        marked("How they hear of a breach"),
        marked("How they hear of a breach: a channel that somebody reads."),
        marked("#it-alerts, read by whoever is on call"),
    ),
    "first_review": Question(
        marked("First review"), marked("The day on which all of this is looked at again, e.g. 2027-01-15."), ""
    ),
}
"""Every field of a brief."""


def step_named(slug: str) -> Step | None:
    return next((step for step in STEPS if step.slug == slug), None)


def is_list(field: str) -> bool:
    """Whether its answer is a line for each of several things."""
    return field in {"allowed_actions", "blocked_actions", "known_limitations"}


def has_parts(question: str) -> bool:
    return question in TABLES
