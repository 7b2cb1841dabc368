"""What the pages about going live share: names of requirements, and who may decide on a page."""

from collections.abc import Mapping

from firmground.errors import NotAllowed
from firmground.web.language import _, marked
from firmground.web.rendering import words
from firmground.web.visit import Visit

_NAMES: Mapping[str, str] = {
    "evaluation": marked("Evaluation"),
    "cases": marked("Golden cases"),
    "unreadable_cases": marked("Cases that cannot be read"),
    "latency": marked("Time to the first sentence"),
    "cost": marked("Cost of a question"),
    "hallucination": marked("Wrong answers"),
    "disclosure": marked("Disclosure"),
    "calibrated": marked("Calibration"),
    "baseline": marked("Better than no AI"),
    "regression": marked("No worse than what is live"),
    "governance": marked("Governed documents"),
    "personal_data": marked("Personal data"),
    "access": marked("Access control"),
    "red_team": marked("Attacks"),
    "fallback": marked("Fallback"),
    "log_fields": marked("Complete log"),
    "feedback": marked("Feedback"),
    "restore_drill": marked("Restore drill"),
    "sla": marked("Service promise"),
    "brief": marked("Brief"),
}
"""Those that come with the product; others are called what they call themselves."""


def requirement_name(name: str) -> str:
    """What people call a requirement of the policy."""
    known = _NAMES.get(name)
    return _(known) if known else words(name).capitalize()


def decides_in_person(visit: Visit) -> None:
    """NotAllowed to programs: a page is for people, and the API for programs."""
    if visit.by not in {"session", "local"}:
        raise NotAllowed("a key may not decide on a page", "sign in and do it there, or use /api/v1/releases")
