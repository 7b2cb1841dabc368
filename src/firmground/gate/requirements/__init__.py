"""What a release can be asked to prove, as far as it comes with the product. The order is that of the launch board."""

from firmground.gate.requirements.asked import Asked
from firmground.gate.requirements.cases import Cases, Evaluation, UnreadableCases
from firmground.gate.requirements.cost import Cost
from firmground.gate.requirements.exercises import (
    Access,
    FallbackWorks,
    FeedbackReachable,
    LogFields,
    PersonalData,
    RestoreDrill,
)
from firmground.gate.requirements.hallucination import Hallucination
from firmground.gate.requirements.latency import Latency
from firmground.gate.requirements.promises import BriefComplete, Governance, ServiceLevel
from firmground.gate.requirements.red_team import RedTeam
from firmground.gate.requirements.worth import BeatsBaseline, Calibrated, Disclosure, Regression

SHIPPED: dict[str, type[Asked]] = {
    each.name: each
    for each in (
        Evaluation,
        Cases,
        UnreadableCases,
        Latency,
        Cost,
        Hallucination,
        Disclosure,
        Calibrated,
        BeatsBaseline,
        Regression,
        Governance,
        PersonalData,
        Access,
        RedTeam,
        FallbackWorks,
        LogFields,
        FeedbackReachable,
        RestoreDrill,
        ServiceLevel,
        BriefComplete,
    )
}
"""By its name in policy.toml."""
