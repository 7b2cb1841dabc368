"""The workspace beside published standards: computed anew each time from settings, policy, accounts, brief, release and measurements."""

from collections.abc import Sequence

from firmground.app.access.rights import need
from firmground.app.app import App
from firmground.app.launching import audits, policies
from firmground.app.launching.gathering import gathered
from firmground.app.launching.live import live_now
from firmground.app.launching.releases import CANDIDATE, LIVE, show
from firmground.gate.standards import EDITIONS, Mapped, mapped, standard
from firmground.gate.standards.setup import Setup
from firmground.types import Actor


def run(app: App, actor: Actor, *, editions: Sequence[str] = ()) -> list[Mapped]:
    """All editions, or those named, beside the release that is live; beside the workspace as it stands where none is. NotFound names the
    editions there are."""
    need(actor, "audit", "read the mapping to standards")
    wanted = [standard(each) for each in editions or EDITIONS]
    found = setup(app, actor)
    return [mapped(each, found) for each in wanted]


def setup(app: App, actor: Actor) -> Setup:
    """Everything that the mapping looks at."""
    with app.database.reading() as tx:
        live = live_now(app, tx)
    release = show(app, actor, LIVE if live else CANDIDATE)
    facts = gathered(app, release)
    looked = policies.look(app, actor)
    with app.database.reading() as tx:
        last = tx.last_entry()
        return Setup(
            settings=app.workspace.settings,
            facts=facts,
            owner=tx.has_owner(),
            keys=tx.api_keys(),
            policy=None if looked.looser else looked.policy,
            live=live,
            audit=audits.latest(tx, release.spec.digest),
            entries=last.number if last else 0,
        )
