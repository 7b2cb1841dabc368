"""Every kind of long work that a worker of a workspace can do."""

from firmground.app import calibration, evaluation, promises, sync
from firmground.app.app import App
from firmground.ports import Handler


def handlers(app: App) -> dict[str, Handler]:
    return {**sync.handlers(app), **calibration.handlers(app), **promises.handlers(app), **evaluation.handlers(app)}
