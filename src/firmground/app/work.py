"""Every kind of long work that a worker of a workspace can do."""

from collections.abc import Mapping

from firmground.app.app import App
from firmground.app.corpus import sync
from firmground.app.evaluating import calibration, evaluation, promises
from firmground.app.jobs import check_asker
from firmground.app.launching import audits, live
from firmground.app.launching.exercises import OURS, Exercising
from firmground.app.personal import retention
from firmground.ports import Handler, JobContext
from firmground.types import Json


def handlers(app: App, exercising: Mapping[str, Exercising] = OURS) -> dict[str, Handler]:
    """`exercising`: what an audit tries out; some of it needs a door."""
    plain = (sync, calibration, promises, evaluation, live, retention)
    every = [*(each.handlers(app) for each in plain), audits.handlers(app, exercising)]
    return {kind: _while_allowed(app, kind, handler) for each in every for kind, handler in each.items()}


def _while_allowed(app: App, kind: str, handler: Handler) -> Handler:
    def run(context: JobContext, inputs: dict[str, Json]) -> Json:
        check_asker(app, kind, inputs)
        return handler(context, inputs)

    return run
