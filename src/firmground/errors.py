"""One tree of errors. Each leaf carries the exit code a command ends with.

FirmgroundError            1  something unexpected
├── InvalidInput           2  the caller gave something that cannot work
│   └── InvalidSettings       firmground.toml or an environment override
├── NotFound               3  no such document, job, source, …
├── Refused                4  a rule says no: gate, conflict, permission
│   ├── NotAllowed            somebody else may, this person may not
│   ├── Busy                  somebody else holds what this needs
│   └── IndexMismatch         the index was built with another embedder
├── OutsideFailed          5  a disk, a model server, a package index did not do its part
│   ├── ModelFailed           a language model gave no usable answer
│   ├── NotTaken              a server did not take a message
│   └── StorageFull           the disk or the database refuses more
└── Damaged                6  stored data is damaged

Every message is one line: what went wrong, a colon, what to do about it.
"""


class FirmgroundError(Exception):
    """Something went wrong that nobody planned for."""

    exit_code = 1
    code = "unexpected"

    def __init__(self, problem: str, remedy: str = "") -> None:
        self.problem = " ".join(problem.split())
        self.remedy = " ".join(remedy.split())
        super().__init__(f"{self.problem}: {self.remedy}" if self.remedy else self.problem)


class InvalidInput(FirmgroundError):
    """What the caller gave cannot work."""

    exit_code = 2
    code = "invalid-input"


class InvalidSettings(InvalidInput):
    """A key or value of `firmground.toml` or of an environment override cannot work."""

    code = "invalid-settings"


class NotFound(FirmgroundError):
    """There is no such thing, or the asker may not know of it."""

    exit_code = 3
    code = "not-found"


class Refused(FirmgroundError):
    """A rule says no."""

    exit_code = 4
    code = "refused"


class NotAllowed(Refused):
    """Somebody else may do this, but not this person."""

    code = "not-allowed"


class Busy(Refused):
    """Somebody else holds what this needs."""

    code = "busy"


class IndexMismatch(Refused):
    """The index was built with another embedder or chunking than the one asked for."""

    code = "index-mismatch"


class OutsideFailed(FirmgroundError):
    """Something outside (disk, server, package index) did not do its part."""

    exit_code = 5
    code = "outside-failed"


class ModelFailed(OutsideFailed):
    """A language model gave no answer that can be used.

    `reason` is a `firmground.types.ModelCode`; `tokens` is what it took anyway, (input, output) where known.
    """

    code = "model-failed"

    def __init__(self, reason: str, problem: str, remedy: str = "", *, tokens: tuple[int, int] = (0, 0)) -> None:
        super().__init__(problem, remedy)
        self.reason = reason
        self.tokens = tokens


class NotTaken(OutsideFailed):
    """A mail server or a web server did not take a message.

    `whole`: it takes none at the moment, or cannot be reached. `final`: it will never take this one. `after`: seconds that it wants to be
    left alone for.
    """

    code = "not-taken"

    def __init__(self, problem: str, remedy: str = "", *, whole: bool = True, final: bool = False, after: float = 0.0) -> None:
        super().__init__(problem, remedy)
        self.whole = whole
        self.final = final
        self.after = after


class StorageFull(OutsideFailed):
    """The disk or the database takes no more; what was stored before is intact."""

    code = "storage-full"


class Damaged(FirmgroundError):
    """Stored data cannot be trusted."""

    exit_code = 6
    code = "damaged"


class ParseFailed(Exception):
    """One file could not be turned into text; the sync records it and goes on.

    `code` is one of the values of `firmground.types.ParseCode`; `detail` is one line for a person.
    """

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = " ".join(detail.split())
        super().__init__(f"{code}: {self.detail}")


class JobCancelled(Exception):
    """Raised inside a job at its next check after somebody cancelled it."""
