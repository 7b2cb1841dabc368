"""That personal data is masked: documents that hold some in the clear let nothing through, unless the policy names their source."""

from dataclasses import replace

from firmground.gate.audit import Ruling
from firmground.gate.facts import IN_THE_CLEAR, Count
from firmground.gate.making import ruled
from firmground.gate.requirements.exercises import PersonalData
from firmground.testing.gate import ready

READY = ready()


def rule(held: int, *, may_hold: tuple[str, ...] = ()) -> Ruling:
    done = READY.exercises["personal_data"].model_copy(update={"counts": {f"{IN_THE_CLEAR}handbook": Count(events=held, of=40)}})
    facts = replace(READY, exercises={**READY.exercises, "personal_data": done})
    return ruled(PersonalData(may_hold=may_hold), facts)


def test_documents_that_hold_personal_data_which_nothing_masks_fail_it_and_the_setting_is_named():
    found = rule(3)
    assert found.verdict == "fail"
    assert "3 of 40 documents of 'handbook' hold some that nothing masks" in found.said
    assert 'personal_data = "mask"' in found.remedy
    assert "may_hold" in found.remedy


def test_a_source_that_allows_it_and_holds_none_passes():
    assert rule(0).verdict == "pass"


def test_a_policy_may_say_that_a_source_may_hold_some():
    assert rule(3, may_hold=("handbook",)).verdict == "pass"
    assert rule(3, may_hold=("intranet",)).verdict == "fail"
