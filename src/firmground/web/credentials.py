"""Who is asking: the credentials of a request become a visit."""

from starlette.datastructures import Headers
from starlette.types import Scope

from firmground.types import Actor
from firmground.web.served import Served
from firmground.web.visit import Visit


class Credentials:
    """Until accounts exist, whoever reaches the server is its owner."""

    def __init__(self, served: Served) -> None:
        self._served = served

    def nobody(self) -> Visit:
        """Somebody of whom nothing is known: what errors are told to before credentials were looked at."""
        return Visit(self._served, Actor(person="", via="http"), by="nobody")

    async def visit(self, scope: Scope, headers: Headers) -> Visit:
        """Whose request it is."""
        del scope, headers
        return Visit(self._served, self._served.local_actor, by="local", form_token=self._served.local_form_token)
