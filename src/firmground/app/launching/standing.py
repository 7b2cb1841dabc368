"""What an audit must be of in order to count now: gathered from files before a transaction, and from the database within it."""

from datetime import timedelta

from firmground.app.app import App
from firmground.app.evaluating.case_results import active_cases
from firmground.app.launching import audits, briefs
from firmground.app.recording.ledger import latest_moment
from firmground.errors import FirmgroundError
from firmground.evaluate.cases import dataset_digest
from firmground.gate.audit import Audit
from firmground.gate.decision import Obstacle, Standing, obstacles
from firmground.gate.policy import Policy
from firmground.ports import Transaction


class Files:
    """What the files say at one moment."""

    def __init__(self, app: App, policy: Policy) -> None:
        self.policy = policy
        self._app = app
        self._dataset = dataset_digest(active_cases(app))
        self._places = audits.places(app)
        try:
            self._brief = briefs.brief_now(app).digest
        except FirmgroundError:
            self._brief = ""

    def against(self, tx: Transaction, release: str) -> tuple[Audit | None, tuple[Obstacle, ...]]:
        """The latest audit of a release (digest), and all that stands against making it live."""
        audit = audits.latest(tx, release)
        standing = Standing(
            now=self._app.clock(),
            latest=latest_moment(tx, self._app.clock),
            corpus=str(tx.corpus_version()),
            dataset=self._dataset,
            policy=self.policy.digest,
            brief=self._brief,
            places=self._places,
            valid=timedelta(hours=self.policy.gate.audit_valid_hours),
        )
        return audit, obstacles(audit, standing)
