"""Making releases live, and earlier ones again."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from firmground.app.access import people
from firmground.app.app import App
from firmground.app.asking.answers import ask
from firmground.app.asking.search import search
from firmground.app.corpus.sync import sync
from firmground.app.launching import approving, audits, deciders, live, policies, releases
from firmground.app.recording import ledger
from firmground.errors import Damaged, FirmgroundError, InvalidInput, NotAllowed, NotFound, Refused
from firmground.release.record import Live
from firmground.settings import Settings
from firmground.testing.app import ADMINISTRATOR, COLLEAGUE, Bench
from firmground.types import Actor

POLICY = "[gate]\naudit_valid_hours = 24\napprovals = {approvals}\noverride_hours = 48\n[requirements.unreadable_cases]\n"
ASKED = "How many vacation days may I carry over?"
BOB = Actor(person="bob", groups=frozenset({"public", "everyone"}), role="owner", via="http")
"""As whom the server runs, as long as there are no accounts."""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path, settings=saying("I don't know, says the first."))
    bench.source.contents["leave.md"] = b"# Leave\n\nEvery employee may carry over five vacation days into the next year.\n"
    (tmp_path / "golden").mkdir()
    (tmp_path / "golden" / "all.yaml").write_text(
        f"- {{id: a, question: '{ASKED}', expect: {{contains: [five]}}, unacceptable: [ten]}}\n"
    )
    (tmp_path / "policy.toml").write_text(POLICY.format(approvals=1))
    return bench


@pytest.fixture
def app(bench: Bench) -> Iterator[App]:
    """A workspace with release 1, which the policy asks hardly anything of."""
    with bench.app() as app:
        sync(app, ADMINISTRATOR)
        for name in ("ada", "bob"):
            people.add_person(app, ADMINISTRATOR, name, role="admin")
        people.add_person(app, ADMINISTRATOR, "carl")
        policies.adopt(app, ADMINISTRATOR, by="ada", reason="a test of something else")
        releases.create(app, ADMINISTRATOR)
        yield app


def saying(refusal: str) -> Settings:
    return Settings.model_validate({"answer": {"refusal": refusal, "threshold": 0.9999}})


def with_release(bench: Bench, refusal: str) -> App:
    """The same workspace in another process, which has another release; not closed, since it shares its parts."""
    bench.settings = saying(refusal)
    app = bench.app()
    releases.create(app, ADMINISTRATOR)
    return app


def audited(app: App, reference: str) -> None:
    """Nothing is tried out, since the policy asks for nothing that would be."""
    audits.run(app, ADMINISTRATOR, release=reference, exercising={})


def promoted(app: App, reference: str, **how: str) -> Live:
    audited(app, reference)
    return live.promote(app, ADMINISTRATOR, reference, **how)


def overridden(app: App, reference: str) -> Live:
    """Although there was a case that could not be read."""
    path = app.workspace.root / "golden" / "broken.yaml"
    path.write_text("- {id: b, question: }\n")
    audited(app, reference)
    path.unlink()
    return live.promote(app, ADMINISTRATOR, reference, by="ada", reason="it must go out today", override=True)


def text(app: App, actor: Actor = ADMINISTRATOR) -> str:
    return ask(app, actor, ASKED).text


def moves(app: App) -> list[tuple[str, str, str]]:
    return [(each.kind, each.subject, each.by) for each in live.history(app, ADMINISTRATOR)]


# ---------------------------------------------------------------- promoting


def test_a_release_whose_audit_passed_goes_live_with_who_and_why(app: App):
    made = promoted(app, "1", by="ada", reason="the first one")
    assert (made.number, made.by, made.reason, made.override) == (1, "ada", "the first one", None)
    assert made.audit
    assert moves(app) == [("release.promoted", "1", "ada")]
    with app.database.reading() as tx:
        assert live.live_now(app, tx) == made


def test_what_is_live_is_neither_changed_by_an_edit_nor_by_a_restart(app: App, bench: Bench):
    promoted(app, "1")
    bench.settings = saying("I don't know, says an edit.")
    with bench.app() as restarted:
        assert text(restarted) == "I don't know, says the first."
        assert ask(restarted, ADMINISTRATOR, ASKED, release="candidate").text == "I don't know, says an edit."


def test_what_is_live_answers_though_the_workspace_names_an_embedder_that_is_gone(app: App, bench: Bench):
    promoted(app, "1")
    bench.embedders[bench.settings.index.embedder] = bench.embedder_

    class Gone(Bench):
        def embedder(self):
            raise InvalidInput("there is no such embedder", "name another")

    gone = Gone(bench.root, settings=saying("x"), embedders=bench.embedders, index_=bench.index_, first_build=bench.first_build)
    gone.source = bench.source
    with gone.app() as broken:
        assert text(broken) == "I don't know, says the first."
        with pytest.raises(InvalidInput, match="there is no such embedder"):
            ask(broken, ADMINISTRATOR, ASKED, release="candidate")


def test_an_answer_of_what_is_live_bears_no_mark_and_others_do(app: App, bench: Bench):
    def codes(app: App, reference: str) -> set[str]:
        return {notice.code for notice in ask(app, ADMINISTRATOR, ASKED, release=reference).notices} & {
            "not_live",
            "not_released",
        }

    assert codes(app, "live") == {"not_live"}, "nothing was promoted, and the candidate is release 1"
    promoted(app, "1")
    assert codes(app, "live") == codes(app, "1") == set()
    other = with_release(bench, "another")
    assert codes(other, "2") == {"not_live"}


def test_a_release_without_an_audit_is_refused_and_nothing_moves(app: App):
    with pytest.raises(deciders.NotProven, match="release 1 may not go live") as refused:
        live.promote(app, ADMINISTRATOR, "1")
    assert refused.value.exit_code == 4
    assert refused.value.findings == ("there is no audit of it: run `firmground audit` on it",)
    assert moves(app) == []


def test_a_release_that_fails_its_audit_is_refused_with_what_it_found(app: App):
    path = app.workspace.root / "golden" / "broken.yaml"
    path.write_text("- {id: b, question: }\n")
    with pytest.raises(deciders.NotProven) as refused:
        promoted(app, "1")
    assert [each.partition(":")[0] for each in refused.value.findings] == ["unreadable_cases failed"]
    assert moves(app) == []


@pytest.mark.parametrize("what", ["documents", "golden cases", "policy"])
def test_an_audit_of_what_has_changed_since_does_not_count(app: App, bench: Bench, what: str):
    audited(app, "1")
    if what == "documents":
        bench.source.contents["new.md"] = b"# New\n\nSomething that nobody audited.\n"
        sync(app, ADMINISTRATOR)
    elif what == "golden cases":
        (bench.root / "golden" / "all.yaml").write_text(f"- {{id: a, question: '{ASKED}', expect: {{contains: [six]}}}}\n")
    else:
        (bench.root / "policy.toml").write_text(POLICY.format(approvals=1) + "[requirements.cost]\n")
    with pytest.raises(deciders.NotProven, match=f"the {what} changed since its audit"):
        live.promote(app, ADMINISTRATOR, "1")


def test_an_audit_that_is_too_old_or_of_the_future_does_not_count(app: App, bench: Bench):
    audited(app, "1")
    bench.clock.now += timedelta(hours=25)
    with pytest.raises(deciders.NotProven, match="is 25 hours old"):
        live.promote(app, ADMINISTRATOR, "1")
    bench.clock.now -= timedelta(days=30)
    with pytest.raises(deciders.NotProven, match="the clock was set back"):
        live.promote(app, ADMINISTRATOR, "1")


def test_the_audit_of_another_release_does_not_count(app: App, bench: Bench):
    audited(app, "1")
    other = with_release(bench, "another")
    with pytest.raises(deciders.NotProven, match="there is no audit of it"):
        live.promote(other, ADMINISTRATOR, "2")


@pytest.mark.parametrize("content", [None, "[gate]\naudit_valid_hours = many\n", "[requirements.nonsense]\n"])
def test_without_a_policy_that_can_be_read_nothing_goes_live_not_even_by_override(app: App, bench: Bench, content: str | None):
    path = bench.root / "policy.toml"
    path.unlink() if content is None else path.write_text(content)
    for override in (False, True):
        with pytest.raises(FirmgroundError, match=r"policy\.toml"):
            live.promote(app, ADMINISTRATOR, "1", by="ada", reason="it must go out", override=override)
    assert moves(app) == []


def test_a_policy_that_was_loosened_by_nobody_stops_everything(app: App, bench: Bench):
    (bench.root / "policy.toml").write_text(POLICY.format(approvals=1).replace("48", "480"))
    with pytest.raises(Refused, match="asks less than the policy in force"):
        live.promote(app, ADMINISTRATOR, "1", by="ada", reason="it must go out", override=True)


def test_the_candidate_is_released_before_it_goes_live(app: App, bench: Bench):
    bench.settings = saying("an edit")
    with bench.app() as edited, pytest.raises(Refused, match="firmground release create"):
        live.promote(edited, ADMINISTRATOR, "candidate")


def test_a_release_whose_index_lacks_documents_is_not_made_live(app: App):
    with app.database.transaction() as tx:
        [document] = tx.documents()
        tx.save_chunks(app.candidate.build, document.number, 0, [])
    audited(app, "1")
    with pytest.raises(Refused, match="lacks documents"):
        live.promote(app, ADMINISTRATOR, "1")
    assert moves(app) == []


def test_promoting_what_is_live_changes_nothing(app: App):
    first = promoted(app, "1", by="ada")
    assert live.promote(app, ADMINISTRATOR, "1", by="bob") == first
    assert moves(app) == [("release.promoted", "1", "ada")]


def test_of_two_promotions_at_once_one_is_refused(app: App, bench: Bench, monkeypatch: pytest.MonkeyPatch):
    other = with_release(bench, "another")
    audited(other, "1")
    audited(other, "2")
    ready = live._make_ready

    def meanwhile(*given: object) -> None:
        monkeypatch.setattr(live, "_make_ready", ready)
        live.promote(other, ADMINISTRATOR, "2", by="bob")

    monkeypatch.setattr(live, "_make_ready", meanwhile)
    with pytest.raises(Refused, match="somebody else moved what is live, or the policy, meanwhile"):
        live.promote(app, ADMINISTRATOR, "1", by="ada")
    assert moves(app) == [("release.promoted", "2", "bob")]


# ---------------------------------------------------------------- who may


def test_only_administrators_move_what_is_live(app: App):
    for act in (
        lambda: live.promote(app, COLLEAGUE, "1"),
        lambda: live.rollback(app, COLLEAGUE),
        lambda: approving.approve(app, COLLEAGUE, "1"),
        lambda: live.history(app, COLLEAGUE),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_who_answers_for_it_is_an_administrator_who_is_known(app: App):
    audited(app, "1")
    with pytest.raises(NotFound, match="ada"):
        live.promote(app, ADMINISTRATOR, "1", by="adda")
    with pytest.raises(NotAllowed, match="carl is no administrator"):
        live.promote(app, ADMINISTRATOR, "1", by="carl")


def test_two_people_agree_where_the_policy_wants_two(app: App, bench: Bench):
    (bench.root / "policy.toml").write_text(POLICY.format(approvals=2))
    audited(app, "1")
    with pytest.raises(Refused, match="wants 2 people to agree, and 1 of them did"):
        live.promote(app, ADMINISTRATOR, "1", by="ada")
    approving.approve(app, ADMINISTRATOR, "1", by="bob", reason="looks good")
    with pytest.raises(Refused, match="1 of them did"):
        live.promote(app, ADMINISTRATOR, "1", by="ada")  # both came through the same system user
    approving.approve(app, BOB, "1", reason="looks good")
    assert promoted_by_two(app).by == "ada"
    assert moves(app)[0] == ("release.promoted", "1", "ada")


def promoted_by_two(app: App) -> Live:
    return live.promote(app, ADMINISTRATOR, "1", by="ada")


def test_an_approval_is_of_one_audit(app: App, bench: Bench):
    (bench.root / "policy.toml").write_text(POLICY.format(approvals=2))
    with pytest.raises(Refused, match="no audit that you could agree with"):
        approving.approve(app, BOB, "1")
    audited(app, "1")
    approving.approve(app, BOB, "1")
    assert [each.person for each in approving.approvals(app, ADMINISTRATOR, "1")] == ["bob"]
    audited(app, "1")
    assert approving.approvals(app, ADMINISTRATOR, "1") == []
    with pytest.raises(Refused, match="1 of them did"):
        live.promote(app, ADMINISTRATOR, "1", by="ada")


def test_an_override_needs_as_many_people_as_a_promotion(app: App, bench: Bench):
    (bench.root / "policy.toml").write_text(POLICY.format(approvals=2) + "[requirements.brief]\n")
    audited(app, "1")
    how = {"by": "ada", "reason": "it must go out"}
    with pytest.raises(Refused, match="1 of them did"):
        live.promote(app, ADMINISTRATOR, "1", override=True, **how)
    approving.approve(app, BOB, "1")
    assert live.promote(app, ADMINISTRATOR, "1", override=True, **how).override


def test_who_leaves_takes_their_approval_along(app: App, bench: Bench):
    (bench.root / "policy.toml").write_text(POLICY.format(approvals=2))
    audited(app, "1")
    approving.approve(app, BOB, "1")
    people.remove_person(app, ADMINISTRATOR, "bob")
    with pytest.raises(Refused, match="1 of them did"):
        live.promote(app, ADMINISTRATOR, "1", by="ada")


# ---------------------------------------------------------------- overriding


def test_an_override_makes_live_what_the_gate_refuses_and_says_so(app: App):
    made = overridden(app, "1")
    assert made.override
    assert [each.partition(":")[0] for each in made.override.findings] == ["unreadable_cases failed"]
    assert made.override.expires_at - made.since == timedelta(hours=48)
    [notice] = [each for each in ask(app, ADMINISTRATOR, ASKED).notices if each.code == "override"]
    assert "has not passed the gate" in notice.text
    with app.database.reading() as tx:
        assert live.standing_override(app, tx) == made


def test_whoever_overrides_has_an_audit_to_look_at(app: App):
    with pytest.raises(deciders.NotProven, match="there is no audit of it"):
        live.promote(app, ADMINISTRATOR, "1", by="ada", reason="it must go out", override=True)


def test_an_override_needs_a_name_and_a_reason(app: App):
    for given, wanted in (
        ({"by": "ada"}, "needs a reason"),
        ({"reason": "it must go out"}, "name an administrator"),
        ({}, "needs a reason"),
    ):
        with pytest.raises(InvalidInput, match=wanted):
            live.promote(app, ADMINISTRATOR, "1", override=True, **given)
    assert moves(app) == []


def test_when_an_override_is_over_the_last_release_that_passed_is_live_again(app: App, bench: Bench):
    promoted(app, "1", by="ada")
    other = with_release(bench, "I don't know, says the second.")
    overridden(other, "2")
    assert text(other) == "I don't know, says the second."
    bench.clock.now += timedelta(hours=49)
    assert text(other) == "I don't know, says the first."
    with other.database.reading() as tx:
        assert live.standing_override(other, tx) is None
    bench.clock.now -= timedelta(hours=49)
    promoted(other, "2", by="bob")
    assert moves(other)[:2] == [("release.promoted", "2", "bob"), ("release.promoted", "2", "ada")], (
        "it was not over by that clock"
    )


def test_when_an_override_is_over_and_nothing_ever_passed_nothing_is_live(app: App, bench: Bench):
    overridden(app, "1")
    bench.clock.now += timedelta(hours=49)
    with app.database.reading() as tx:
        assert live.live_now(app, tx) is None
    audited(app, "1")
    live.promote(app, ADMINISTRATOR, "1", by="bob")
    assert [kind for kind, *_ in moves(app)] == ["release.promoted", "release.override_lapsed", "release.promoted"]


def test_setting_the_clock_back_does_not_prolong_an_override(app: App, bench: Bench):
    overridden(app, "1")
    bench.clock.now += timedelta(hours=49)
    with app.database.transaction() as tx:
        ledger.record(app, tx, ADMINISTRATOR, "group.added", "anything at all")
    bench.clock.now -= timedelta(hours=40)
    with app.database.reading() as tx:
        assert live.live_now(app, tx) is None


def test_a_release_that_was_overridden_and_then_passes_is_live_without(app: App):
    overridden(app, "1")
    made = promoted(app, "1", by="bob")
    assert made.override is None
    assert not [each for each in ask(app, ADMINISTRATOR, ASKED).notices if each.code == "override"]


# ---------------------------------------------------------------- rolling back


def test_a_rollback_goes_to_the_release_before_and_again_to_the_one_before_that(app: App, bench: Bench):
    promoted(app, "1")
    second = with_release(bench, "second")
    promoted(second, "2")
    third = with_release(bench, "third")
    promoted(third, "3")
    assert live.rollback(third, ADMINISTRATOR, by="ada", reason="complaints").number == 2
    assert text(third) == "second"
    assert live.rollback(third, ADMINISTRATOR).number == 1
    with pytest.raises(NotFound, match="no other release was live before"):
        live.rollback(third, ADMINISTRATOR)
    assert live.rollback(third, ADMINISTRATOR, "3").number == 3
    assert [kind for kind, *_ in moves(third)][:3] == ["release.rolled_back"] * 3


def test_a_rollback_needs_no_audit_and_no_policy_and_nothing_of_the_new_index(app: App, bench: Bench):
    promoted(app, "1")
    bench.settings = Settings.model_validate({"answer": {"refusal": "second"}, "index": {"chunk_tokens": 64}})
    second = bench.app()
    sync(second, ADMINISTRATOR)
    releases.create(second, ADMINISTRATOR)
    promoted(second, "2")
    bench.indexes.clear()
    (bench.root / "policy.toml").unlink()

    class Broken(Bench):
        def index(self, recipe, dimension):
            if recipe.build != self.first_build:
                raise FirmgroundError("the index is damaged", "sync again")
            return self.index_

    broken = Broken(bench.root, settings=bench.settings, index_=bench.index_, first_build=bench.first_build, source=bench.source)
    with broken.app() as app_now:
        with pytest.raises(FirmgroundError, match="the index is damaged"):
            text(app_now)
        live.rollback(app_now, ADMINISTRATOR)
        assert text(app_now) == "I don't know, says the first."


def test_nothing_is_rolled_back_to_what_never_was_live(app: App, bench: Bench):
    with pytest.raises(NotFound, match="nothing is live"):
        live.rollback(app, ADMINISTRATOR)
    promoted(app, "1")
    other = with_release(bench, "another")
    for reference, error in (("2", Refused), ("7", NotFound), ("nonsense", NotFound)):
        with pytest.raises(error, match=r"never was live|there is no release"):
            live.rollback(other, ADMINISTRATOR, reference)
    with pytest.raises(Refused, match="is live already"):
        live.rollback(other, ADMINISTRATOR, "1")


def test_a_rollback_does_not_bring_an_override_back_that_is_over(app: App, bench: Bench):
    overridden(app, "1")
    other = with_release(bench, "another")
    promoted(other, "2")
    assert live.rollback(other, ADMINISTRATOR, "1").override, "it lasts for what is left of it"
    live.rollback(other, ADMINISTRATOR, "2")
    bench.clock.now += timedelta(hours=49)
    with pytest.raises(Refused, match="by an override that is over"):
        live.rollback(other, ADMINISTRATOR, "1")
    with other.database.reading() as tx:
        assert (found := live.live_now(other, tx))
        assert found.number == 2


# ---------------------------------------------------------------- who is answered


def test_with_accounts_nothing_that_is_not_live_answers_anybody_but_administrators(app: App):
    assert text(app, COLLEAGUE), "there are no accounts yet"
    from firmground.app.access.accounts import create_owner

    create_owner(app, "olga", "correct horse battery")
    for use in (lambda: text(app, COLLEAGUE), lambda: search(app, COLLEAGUE, ASKED)):
        with pytest.raises(NotAllowed, match="nothing is released yet"):
            use()
    promoted(app, "1")
    assert text(app, COLLEAGUE) == "I don't know, says the first."
    assert search(app, COLLEAGUE, ASKED).passages


# ---------------------------------------------------------------- what was tried to get around the gate


def test_an_override_ends_where_the_clock_says_that_it_has_not_begun(app: App, bench: Bench):
    overridden(app, "1")
    bench.clock.now -= timedelta(hours=2)
    with app.database.reading() as tx:
        assert live.live_now(app, tx) is None, "by a clock that ran ahead it would last for as long as that"


def test_one_release_is_not_live_by_override_again_and_again(app: App, bench: Bench):
    for _ in range(2):
        overridden(app, "1")
        bench.clock.now += timedelta(hours=49)
    with pytest.raises(Refused, match="by override 2 times already, and the policy allows no more"):
        overridden(app, "1")
    promoted(app, "1")
    assert overridden(app, "1").override, "since it has passed it may be overridden anew"


def test_an_audit_that_is_too_old_is_made_anew_before_an_override(app: App, bench: Bench):
    audited(app, "1")
    bench.clock.now += timedelta(hours=25)
    with pytest.raises(deciders.NotProven, match="nobody can answer for what was not looked at"):
        live.promote(app, ADMINISTRATOR, "1", by="ada", reason="it must go out", override=True)


def test_a_program_neither_agrees_nor_is_one_of_those_who_do(app: App, bench: Bench):
    (bench.root / "policy.toml").write_text(POLICY.format(approvals=2))
    audited(app, "1")
    with pytest.raises(NotAllowed, match="a key may not agree for a person"):
        approving.approve(app, BOB.model_copy(update={"key": "ci"}), "1")
    approving.approve(app, ADMINISTRATOR, "1", by="ada")
    with pytest.raises(Refused, match="1 of them did"):
        live.promote(app, BOB.model_copy(update={"key": "ci"}), "1")


def test_without_accounts_whoever_reaches_the_server_is_one_person(app: App, bench: Bench):
    (bench.root / "policy.toml").write_text(POLICY.format(approvals=2))
    audited(app, "1")
    visitor = Actor(person="somebody", groups=frozenset({"public", "everyone"}), role="owner", via="http")
    approving.approve(app, visitor, "1", by="ada")
    with pytest.raises(Refused, match="1 of them did"):
        live.promote(app, visitor, "1", by="bob")


def test_whoever_comes_later_under_a_name_has_agreed_with_nothing(app: App, bench: Bench):
    (bench.root / "policy.toml").write_text(POLICY.format(approvals=2))
    audited(app, "1")
    approving.approve(app, BOB, "1")
    people.remove_person(app, ADMINISTRATOR, "bob")
    people.add_person(app, ADMINISTRATOR, "bob", role="admin")
    with pytest.raises(Refused, match="1 of them did"):
        live.promote(app, ADMINISTRATOR, "1", by="ada")


def test_an_override_is_of_an_audit_that_counts(app: App, bench: Bench):
    audited(app, "1")
    bench.source.contents["new.md"] = b"# New\n\nSomething that nobody audited.\n"
    sync(app, ADMINISTRATOR)
    with pytest.raises(deciders.NotProven, match="nobody can answer for what was not looked at"):
        live.promote(app, ADMINISTRATOR, "1", by="ada", reason="it must go out", override=True)


def test_an_approval_can_be_withdrawn(app: App, bench: Bench):
    (bench.root / "policy.toml").write_text(POLICY.format(approvals=2))
    audited(app, "1")
    approving.approve(app, BOB, "1")
    approving.approve(app, BOB, "1", withdraw=True, reason="I had not read it")
    assert moves(app)[0] == ("release.approval_withdrawn", "1", "bob")
    with pytest.raises(Refused, match="1 of them did"):
        live.promote(app, ADMINISTRATOR, "1", by="ada")
    with pytest.raises(NotFound, match="bob has not agreed"):
        approving.approve(app, BOB, "1", withdraw=True)


def test_a_policy_that_comes_into_force_while_an_index_is_opened_counts(app: App, bench: Bench, monkeypatch: pytest.MonkeyPatch):
    audited(app, "1")

    def meanwhile(*given: object) -> None:
        (bench.root / "policy.toml").write_text(POLICY.format(approvals=3))
        policies.in_force(app, ADMINISTRATOR)

    monkeypatch.setattr(live, "_make_ready", meanwhile)
    with pytest.raises(Refused):
        live.promote(app, ADMINISTRATOR, "1", by="ada")
    assert moves(app) == []


def test_after_an_override_a_rollback_goes_back_from_what_is_live_then(app: App, bench: Bench):
    promoted(app, "1")
    second = with_release(bench, "second")
    promoted(second, "2")
    third = with_release(bench, "third")
    overridden(third, "3")
    bench.clock.now += timedelta(hours=49)
    with third.database.reading() as tx:
        assert (now := live.live_now(third, tx))
        assert now.number == 2
    assert live.rollback(third, ADMINISTRATOR).number == 1


def test_what_is_kept_of_an_override_for_good_quotes_nothing(app: App):
    made = overridden(app, "1")
    [entry] = [each for each in live.history(app, ADMINISTRATOR) if each.kind == "release.promoted"]
    assert made.override
    assert made.override.findings == ("unreadable_cases failed",)
    assert entry.detail["audit"] == made.audit != ""


def test_a_pointer_that_was_moved_past_the_gate_answers_nobody_and_can_be_rolled_back(app: App, bench: Bench):
    promoted(app, "1")
    other = with_release(bench, "second")
    promoted(other, "2")
    third = with_release(bench, "forged")
    with third.database.transaction() as tx:
        forged = third_of(third)
        for key in ("now", "proven"):
            kept = tx.fact("live", key)
            assert isinstance(kept, dict)
            tx.put_fact("live", key, {**kept, "number": 3, "release": forged})
    with pytest.raises(Damaged, match="what is live is not what was decided"):
        text(third)
    assert live.rollback(third, ADMINISTRATOR).number == 1
    assert text(third) == "I don't know, says the first."


def third_of(app: App) -> str:
    return releases.show(app, ADMINISTRATOR, "3").spec.digest
