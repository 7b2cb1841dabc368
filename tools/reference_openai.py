"""The page of docs/reference about the OpenAI protocol, from the tables that requests are checked by."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence

from firmground.web.openai.answered import WITHDRAWN
from firmground.web.openai.embeddings import MOST_CHARACTERS, MOST_TEXTS
from firmground.web.openai.parameters import COMPLETION, EMBEDDING, PARTS, ROLES, Parameter

_HEAD = ("parameter", "", "why")
_ANSWERED = [
    ("`choices[0].message.content`", "the text, with its marks `[1]`; readings to choose from as a list below it"),
    (
        "`choices[0].message.annotations`",
        "a `url_citation` for each mark: its place in the text (in code points), title of the document, address of the passage",
    ),
    (
        "`choices[0].finish_reason`",
        "`content_filter` where the question was blocked, `stop` otherwise: also where the documents do not answer",
    ),
    ("`usage`", "what the language model took; 0 without one"),
    ("`firmground`", "[the whole answer](json.md): state, confidence, reasons, citations with the exact passages"),
    ("`id`", "`chatcmpl-` and the id of the answer, by which `GET /api/v1/answers/{id}` shows it"),
]
_ERRORS = [
    ("400", "`BadRequestError`", "the request cannot be read or heeded; `param` names what is wrong"),
    ("401", "`AuthenticationError`", "the key is missing, unknown or over"),
    ("403", "`PermissionDeniedError`", "this release, or from this site, not with this key"),
    ("404", "`NotFoundError`", "there is no such model, release, conversation or address"),
    ("409", "`ConflictError`", "a recipe that gave answers and was never released is not asked again"),
    ("405, 408, 413, 415", "`APIStatusError`", "the method, a body that is too slow, too large, or not JSON"),
    ("429", "`RateLimitError`", "more is asked than can be answered soon; `Retry-After` says when to try again"),
    ("503", "`InternalServerError`", "the server opens what it needs, or is about to stop; with `Retry-After` too"),
    ("500, 502, 507", "`InternalServerError`", "something failed: the line says what to do"),
]


def openai_page(note: str, table: Callable[[Sequence[str], Iterable[Sequence[str]]], list[str]]) -> str:
    """Every parameter, and what becomes of it."""
    lines = [
        "# The OpenAI protocol",
        "",
        note,
        "",
        "What `/v1` makes of each parameter that the protocol has. *Used* does what the protocol says. *Ignored* is accepted, whatever its",
        "value, and changes nothing. *Refused* gets status 400 with the name in `error.param`, except for values that do not ask for it.",
        "`null` is as good as left out, and what is not in the tables is refused. How to begin: [ask with any OpenAI",
        "client](../how-to/use-an-openai-client.md).",
        "",
        "## `POST /v1/chat/completions`",
        "",
        *table(_HEAD, _rows(COMPLETION)),
        "### Messages",
        "",
        "`role` and `content` are read. Whatever else a message has (`name`, `refusal`, `annotations`, `tool_calls`, `function_call`,",
        "`audio`, …) is not looked at. The last message of the user is the question; at most 20 questions before it are used, and no more",
        "of them than the recipe's `answer.history_tokens` takes. Of those, a question that gives orders to a model is left out together",
        "with its answer, and so is an answer that does.",
        "",
        *table(("role", "", "why"), _rows(ROLES)),
        *table(("part of `content`", "", "why"), _rows(PARTS)),
        "### What comes back",
        "",
        *table(("field", "what it says"), _ANSWERED),
        "In a stream, `annotations` and `firmground` come with the last chunk that has a choice. Where something said is withdrawn, the",
        f"text says `{WITHDRAWN.strip()}`, that chunk has `firmground.withdrawn`, and the",
        "answer begins anew. When the client leaves, the language model is stopped, and nothing more is charged.",
        "",
        "## `GET /v1/models`, `GET /v1/models/{name}`",
        "",
        "They take no parameters. The list names `firmground`, which is the release that is live, and `firmground@candidate`, the",
        "workspace as it stands. `firmground@` with the number of a release, a digest, or six characters or more of its beginning, is a",
        "model too.",
        "",
        "## `POST /v1/embeddings`",
        "",
        *table(_HEAD, _rows(EMBEDDING)),
        f"At most {MOST_TEXTS} texts and {MOST_CHARACTERS} characters at once. `model` of the response is the id of the embedder; the",
        "tokens of `usage` are estimated.",
        "",
        "## Errors",
        "",
        "They have the shape of the protocol, `code` is [ours](errors.md), and `X-Request-ID` is what the client calls `_request_id`.",
        "",
        *table(("status", "in the Python client", "when"), _ERRORS),
        "An answer that fails in the middle of a stream ends it with an `error`, which the client raises as `APIError`. By itself the",
        "client tries again twice after 408, 429, 502, 503 and its own timeout, each time a new answer; `max_retries` says otherwise.",
        "",
        "Whatever else the protocol has (`/v1/responses`, `/v1/files`, …) is not there: 404.",
        "",
    ]
    return "\n".join(lines)


def _rows(parameters: Iterable[Parameter]) -> Iterator[tuple[str, str, str]]:
    for each in parameters:
        but = f", but for {', '.join(f'`{json.dumps(value)}`' for value in each.but)}" if each.but else ""
        yield f"`{each.name}`", f"{each.how}{but}", each.why
