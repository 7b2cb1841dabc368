"""How long the server waits for a client, and how many of them it holds."""

from typing import NamedTuple


class Limits(NamedTuple):
    """Seconds, unless it says otherwise."""

    request: float = 15.0
    """In which the headers of a request are there."""
    body: float = 30.0
    """In which the body is there, unless it is an upload."""
    upload: float = 900.0
    stalled: float = 60.0
    """In which a client takes something of its answer."""
    connections: int = 4000
    """At most; fewer where the system lets this process hold fewer."""
    uploads: int = 8
    """Received at once, so that many cannot fill the disk."""
    calls_of_one: int = 4
    """Of one person, or of one page elsewhere, worked on at once."""
    waiting_of_one: int = 32
    """Of theirs, waiting for their turn."""
