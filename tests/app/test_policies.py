"""What asks no less comes into force by being used; what asks less only when somebody answers for it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from firmground.app.access.accounts import create_owner
from firmground.app.app import App
from firmground.app.launching import policies
from firmground.app.launching.policies import Looser, adopt, in_force, look, loosened, write
from firmground.app.recording import ledger
from firmground.app.setup import init
from firmground.errors import InvalidInput, NotAllowed, NotFound, Refused
from firmground.gate.policy import SHIPPED, TEMPLATE, Policy
from firmground.ledger import LedgerEntry
from firmground.testing.app import ADMINISTRATOR, COLLEAGUE, Bench

STRICTER = TEMPLATE.replace("least = 50", "least = 80")
LOOSER = TEMPLATE.replace("at_most = 0.02", "at_most = 0.1")
WITHOUT_BRIEF = LOOSER.replace("[requirements.brief]", "# no brief")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    say(made, TEMPLATE)
    with made.app() as app, app.database.transaction() as tx:
        tx.add_person("ann", role="admin")
        tx.add_person("bob")
    return made


def say(bench: Bench, text: str) -> None:
    (bench.root / "policy.toml").write_text(text, encoding="utf-8")


def decisions(app: App) -> list[LedgerEntry]:
    with app.database.reading() as tx:
        return tx.entries(kinds=[policies.ADOPTED])


def told(app: App) -> tuple[str, ...]:
    with app.database.reading() as tx:
        return loosened(tx)


def test_the_shipped_policy_comes_into_force_by_being_used_once(bench: Bench) -> None:
    with bench.app() as app:
        for _ in range(3):
            assert in_force(app, ADMINISTRATOR) == SHIPPED
        [entry] = decisions(app)
        assert (entry.subject, entry.by, entry.detail["loosened"]) == (SHIPPED.digest, ADMINISTRATOR.person, [])
        assert told(app) == ()


def test_comments_are_no_other_policy(bench: Bench) -> None:
    with bench.app() as app:
        in_force(app, ADMINISTRATOR)
        say(bench, f"# ours\n{TEMPLATE}")
        in_force(app, ADMINISTRATOR)
        assert len(decisions(app)) == 1


def test_asking_for_more_needs_no_decision_and_is_recorded(bench: Bench) -> None:
    with bench.app() as app:
        in_force(app, ADMINISTRATOR)
        say(bench, STRICTER)
        assert in_force(app, ADMINISTRATOR) != SHIPPED
        assert [entry.detail["before"] for entry in decisions(app)] == [SHIPPED.digest, SHIPPED.digest]
        assert told(app) == ()


def test_asking_for_less_is_refused_with_every_way_until_somebody_answers_for_it(bench: Bench) -> None:
    say(bench, WITHOUT_BRIEF)
    with bench.app() as app:
        for _ in range(2):
            with pytest.raises(Looser, match="policy adopt --by NAME") as refused:
                in_force(app, ADMINISTRATOR)
        assert len(refused.value.findings) == 2
        assert not decisions(app)
        made = adopt(app, ADMINISTRATOR, by="ann", reason="the pilot has ten users")
        assert in_force(app, ADMINISTRATOR).digest == made.policy
        [entry] = decisions(app)
        assert (entry.by, entry.detail["reason"], len(entry.detail["loosened"])) == ("ann", "the pilot has ten users", 2)
        lines = told(app)
    assert len(lines) == 2
    assert all(f"ann on {made.at:%Y-%m-%d}: the pilot has ten users" in line for line in lines)


def test_what_was_loosened_stays_on_audits_when_something_else_is_asked_more_of(bench: Bench) -> None:
    say(bench, LOOSER)
    with bench.app() as app:
        adopt(app, ADMINISTRATOR, by="ann", reason="the pilot")
        before = told(app)
        say(bench, LOOSER.replace("least = 50", "least = 80"))
        in_force(app, ADMINISTRATOR)
        assert told(app) == before != ()
        say(bench, STRICTER)
        in_force(app, ADMINISTRATOR)
        assert told(app) == (), "it was undone"


def test_the_next_decision_takes_the_place_of_the_last(bench: Bench) -> None:
    say(bench, LOOSER)
    with bench.app() as app:
        adopt(app, ADMINISTRATOR, by="ann", reason="the pilot")
        say(bench, LOOSER.replace("approvals = 1", "approvals = 2").replace("at_most = 0.1", "at_most = 0.2"))
        with pytest.raises(Looser):
            in_force(app, ADMINISTRATOR)
        adopt(app, ADMINISTRATOR, by="ann", reason="a second pilot")
        [line] = told(app)
    assert "a second pilot" in line


def test_loosening_bit_by_bit_is_loosening(bench: Bench) -> None:
    with bench.app() as app:
        in_force(app, ADMINISTRATOR)
        say(bench, STRICTER)
        in_force(app, ADMINISTRATOR)
        say(bench, TEMPLATE)
        with pytest.raises(Looser, match=r"cases\.least"):
            in_force(app, ADMINISTRATOR)


@pytest.mark.parametrize(
    ("by", "reason", "error"),
    [
        ("ann", "  ", InvalidInput),
        ("ann", "x" * 2001, InvalidInput),
        ("ann", "a\x00b", InvalidInput),
        ("", "because", InvalidInput),
        ("nobody", "because", NotFound),
        ("bob", "because", NotAllowed),
    ],
)
def test_a_decision_needs_a_reason_and_a_person_who_may(bench: Bench, by: str, reason: str, error: type[Exception]) -> None:
    say(bench, LOOSER)
    with bench.app() as app:
        with pytest.raises(error):
            adopt(app, ADMINISTRATOR, by=by, reason=reason)
        assert not decisions(app)


def test_whoever_is_signed_in_decides_for_nobody_else(bench: Bench) -> None:
    say(bench, LOOSER)
    with bench.app() as app:
        with app.database.transaction() as tx:
            tx.add_person("eve", role="admin")
            actor = tx.actor("eve", via="http")
        create_owner(app, "own", "a long enough password")
        with pytest.raises(NotAllowed, match="may not decide for ann"):
            adopt(app, actor, by="ann", reason="because")
        assert adopt(app, actor, reason="because").by == "eve"


def test_a_policy_in_force_is_not_adopted_again(bench: Bench) -> None:
    with bench.app() as app:
        in_force(app, ADMINISTRATOR)
        with pytest.raises(Refused, match="in force already"):
            adopt(app, ADMINISTRATOR, by="ann", reason="because")


def test_only_administrators_use_read_or_change_it(bench: Bench) -> None:
    with bench.app() as app:
        for use in (in_force, look, write, lambda app, actor: adopt(app, actor, by="ann", reason="x")):
            with pytest.raises(NotAllowed):
                use(app, COLLEAGUE)


def test_without_a_policy_nothing_can_be_said_and_one_can_be_written(bench: Bench) -> None:
    path = bench.root / "policy.toml"
    path.unlink()
    with bench.app() as app:
        with pytest.raises(Refused, match="policy write"):
            in_force(app, ADMINISTRATOR)
        assert look(app, ADMINISTRATOR).policy is None
        assert write(app, ADMINISTRATOR) == str(path)
        assert in_force(app, ADMINISTRATOR) == SHIPPED
        with pytest.raises(Refused, match="already"):
            write(app, ADMINISTRATOR)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[gate", b"[requirements.sorcery]\n", b"#" * 1_000_001])
def test_a_file_that_cannot_be_read_is_told_and_changes_nothing(bench: Bench, content: bytes) -> None:
    with bench.app() as app:
        in_force(app, ADMINISTRATOR)
        (bench.root / "policy.toml").write_bytes(content)
        with pytest.raises(InvalidInput, match=r"policy\.toml"):
            in_force(app, ADMINISTRATOR)
        found = look(app, ADMINISTRATOR)
    assert found.policy is None
    assert found.problem
    assert found.in_force == SHIPPED


def test_a_folder_in_its_place_is_refused(bench: Bench) -> None:
    (bench.root / "policy.toml").unlink()
    (bench.root / "policy.toml").mkdir()
    with bench.app() as app, pytest.raises(Refused, match="cannot be read"):
        in_force(app, ADMINISTRATOR)


def test_a_policy_in_force_that_was_lost_needs_a_decision(bench: Bench) -> None:
    say(bench, STRICTER)
    with bench.app() as app:
        kept = in_force(app, ADMINISTRATOR)
        with app.database.transaction() as tx:
            tx.put_fact("policy", kept.digest, {"text": "", "policy": {"gate": "no"}})
        say(bench, TEMPLATE)
        with pytest.raises(Refused, match="nobody knows whether the file asks less"):
            in_force(app, ADMINISTRATOR)
        made = adopt(app, ADMINISTRATOR, by="ann", reason="it was damaged")
        assert in_force(app, ADMINISTRATOR) == SHIPPED
    assert made.loosened == ("what was in force before cannot be read any more",)


@pytest.mark.parametrize("made", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_file_in_its_place_is_refused_at_once(bench: Bench, made: Callable[[Path], None]) -> None:
    (bench.root / "policy.toml").unlink()
    made(bench.root / "policy.toml")
    with bench.app() as app, pytest.raises(Refused, match="it is no file"):
        in_force(app, ADMINISTRATOR)


def test_what_was_loosened_stays_on_audits_when_somebody_adopts_a_file_that_asks_more_of_something_else(bench: Bench) -> None:
    say(bench, LOOSER)
    with bench.app() as app:
        adopt(app, ADMINISTRATOR, by="ann", reason="the pilot")
        before = told(app)
        say(bench, LOOSER.replace("approvals = 1", "approvals = 2"))
        made = adopt(app, ADMINISTRATOR, by="ann", reason="stricter!")
        assert told(app) == before != ()
        assert "the pilot" in before[0]
        assert decisions(app)[-1].detail["reason"] == "stricter!"
        assert made.loosened


def test_a_tiny_loosening_takes_nothing_off_the_lines_of_a_large_one(bench: Bench) -> None:
    say(bench, WITHOUT_BRIEF)
    with bench.app() as app:
        adopt(app, ADMINISTRATOR, by="ann", reason="the pilot")
        assert len(told(app)) == 2
        say(bench, WITHOUT_BRIEF.replace("least = 50", "least = 49"))
        adopt(app, ADMINISTRATOR, by="ann", reason="tiny")
        assert len(told(app)) == 3
        assert all("tiny" in each for each in told(app))


def test_loosening_what_was_made_stricter_after_a_decision_stays_too(bench: Bench) -> None:
    say(bench, LOOSER)
    with bench.app() as app:
        adopt(app, ADMINISTRATOR, by="ann", reason="the pilot")
        say(bench, LOOSER.replace("least = 50", "least = 80"))
        in_force(app, ADMINISTRATOR)
        say(bench, LOOSER.replace("least = 50", "least = 60"))
        adopt(app, ADMINISTRATOR, by="ann", reason="fewer cases")
        say(bench, LOOSER.replace("least = 50", "least = 61"))
        in_force(app, ADMINISTRATOR)
        assert [each for each in told(app) if "80 → 61" in each]
        assert len(told(app)) == 2
        say(bench, TEMPLATE.replace("least = 50", "least = 80"))
        in_force(app, ADMINISTRATOR)
        assert told(app) == ()


def altered(app: App, **fields: Any) -> None:
    with app.database.transaction() as tx:
        kept: Any = tx.fact("policy", "now")
        tx.put_fact("policy", "now", {**kept, **fields})


def test_a_policy_that_was_put_in_force_past_everybody_is_refused_until_somebody_answers_for_it(bench: Bench) -> None:
    with bench.app() as app:
        in_force(app, ADMINISTRATOR)
        say(bench, LOOSER)
        loose = policies.policy_now(app)
        altered(app, policy=loose.digest)
        for use in (lambda: in_force(app, ADMINISTRATOR), lambda: told(app)):
            with pytest.raises(Refused, match="policy adopt --by NAME"):
                use()
        assert "cannot be read any more" in look(app, ADMINISTRATOR).problem
        (fault,) = ledger.verify(app, ADMINISTRATOR).faults
        assert (fault.what, fault.number) == ("contradicted", decisions(app)[-1].number)
        adopt(app, ADMINISTRATOR, by="ann", reason="somebody wrote into the database")
        assert in_force(app, ADMINISTRATOR) == loose
        assert "cannot be read any more" in told(app)[0]
        assert ledger.verify(app, ADMINISTRATOR).whole


def test_lines_that_were_wiped_in_the_database_are_found(bench: Bench) -> None:
    say(bench, LOOSER)
    with bench.app() as app:
        adopt(app, ADMINISTRATOR, by="ann", reason="the pilot")
        altered(app, loosened=[])
        with pytest.raises(Refused):
            told(app)
        assert [each.what for each in ledger.verify(app, ADMINISTRATOR).faults] == ["contradicted"]


def test_a_kept_policy_that_was_made_to_ask_less_is_not_compared_with(bench: Bench) -> None:
    say(bench, STRICTER)
    with bench.app() as app:
        kept = in_force(app, ADMINISTRATOR)
        with app.database.transaction() as tx:
            tx.put_fact("policy", kept.digest, {"text": "", "policy": Policy().model_dump(mode="json")})
        say(bench, LOOSER)
        with pytest.raises(Refused, match="nobody knows whether the file asks less"):
            in_force(app, ADMINISTRATOR)


def test_the_difference_is_shown_line_by_line_and_decides_nothing(bench: Bench) -> None:
    with bench.app() as app:
        in_force(app, ADMINISTRATOR)
        say(bench, LOOSER)
        found = look(app, ADMINISTRATOR)
        assert len(decisions(app)) == 1
    assert isinstance(found.policy, Policy)
    assert len(found.looser) == 1
    changed = [line for line in found.diff.splitlines() if line[:1] in "+-"][2:]
    assert changed == [_line(TEMPLATE, "-", "at_most = 0.02"), _line(LOOSER, "+", "at_most = 0.1")]


def _line(text: str, sign: str, begin: str) -> str:
    return sign + next(line for line in text.splitlines() if line.startswith(begin))


def test_a_new_workspace_has_the_shipped_policy(tmp_path: Path) -> None:
    place = init(tmp_path / "new")
    assert (place / "policy.toml").read_text(encoding="utf-8") == TEMPLATE
