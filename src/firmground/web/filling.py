"""Files as they arrive over HTTP."""

from firmground.ports import Arriving
from firmground.web.problems import TooLarge
from firmground.web.visit import Visit

_PART = 1 << 20


class Filling:
    """A file that is written part by part: never more than a megabyte of it is in memory."""

    def __init__(self, visit: Visit, arriving: Arriving) -> None:
        self.arriving = arriving
        self._visit = visit
        self._most = visit.app.workspace.settings.parsing.max_megabytes
        self._size = 0
        self._part = bytearray()

    async def add(self, data: bytes) -> None:
        """TooLarge; StorageFull."""
        self._part += data
        self._size += len(data)
        if self._size > self._most * 1_000_000:
            raise TooLarge(f"the file is larger than {self._most} MB", "split it, or raise max_megabytes under [parsing]")
        if len(self._part) >= _PART:
            await self.end()

    async def end(self) -> None:
        """Write what is left."""
        if self._part:
            part, self._part = bytes(self._part), bytearray()
            await self._visit.run(self.arriving.write, part)
