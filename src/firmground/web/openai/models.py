"""What can be asked: names of models stand for releases."""

from firmground.app.asking.answers import check_release
from firmground.app.launching.releases import LIVE
from firmground.errors import NotFound
from firmground.web.openai.parameters import Fields
from firmground.web.problems import BadParameter
from firmground.web.visit import Visit

NAMES = ("firmground", "firmground@candidate")
"""Those that always exist."""
_OF_A_RELEASE = "firmground@"


def model(name: str) -> Fields:
    """As the protocol describes one."""
    return {"id": name, "object": "model", "created": 0, "owned_by": "firmground"}


def known(name: object) -> str:
    """The name, where it is one of ours. BadParameter where none is given."""
    if name is None or name == "":
        raise BadParameter("model", "there is no model in the request", f"use {NAMES[0]}")
    if not isinstance(name, str):
        raise BadParameter("model", "the model is no text", f"use {NAMES[0]}")
    if name != NAMES[0] and not name.startswith(_OF_A_RELEASE):
        raise NotFound(f"there is no model {name!r}"[:200], f"use one of {', '.join(NAMES)}")
    return name


def release_of(name: str) -> str:
    """The release that it asks for."""
    return LIVE if name == NAMES[0] else name.removeprefix(_OF_A_RELEASE)


async def find(visit: Visit, name: object) -> str:
    """The name of a model that there is and that this person may ask. NotFound for any other, or NotAllowed where they may not know."""
    found = known(name)
    await visit.opened()
    await visit.run(check_release, visit.app, visit.actor, release_of(found))
    return found
