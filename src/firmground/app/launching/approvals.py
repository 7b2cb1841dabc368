"""Who agrees with making a release live. Kept beside the releases, written down in the ledger."""

from firmground.gate.decision import Approval
from firmground.ports import Transaction

NAMESPACE = "approval"
"""Keys are release and person."""


def given(tx: Transaction, release: str) -> list[Approval]:
    """Of a release (digest)."""
    return [Approval.model_validate(each) for key, each in tx.facts(NAMESPACE).items() if key.startswith(f"{release}/")]


def keep(tx: Transaction, release: str, approval: Approval) -> None:
    """In place of what the person said before."""
    tx.put_fact(NAMESPACE, f"{release}/{approval.person}", approval.model_dump(mode="json"))


def withdraw(tx: Transaction, release: str, person: str) -> bool:
    """Whether there was one."""
    there = tx.fact(NAMESPACE, f"{release}/{person}") is not None
    tx.drop_facts(NAMESPACE, [f"{release}/{person}"])
    return there


def forget(tx: Transaction, person: str) -> None:
    """Of somebody who is removed: whoever has their name later agreed with nothing."""
    tx.drop_facts(NAMESPACE, [key for key in tx.facts(NAMESPACE) if key.partition("/")[2] == person])
