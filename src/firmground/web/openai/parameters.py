"""What becomes of each parameter of the protocol. The reference is written from these tables, and requests are checked by them."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

from firmground.web.problems import BadParameter

Fields: TypeAlias = dict[str, Any]


class Parameter(NamedTuple):
    """One parameter. `but`: the values of a refused one that do not ask for it; null never does."""

    name: str
    how: Literal["used", "ignored", "refused"]
    why: str
    but: tuple[object, ...] = ()


COMPLETION = (
    Parameter("messages", "used", "the last one of the user is the question; those before say what it is about"),
    Parameter(
        "model",
        "used",
        "`firmground`, or `firmground@` and a release: `live`, `candidate`, its number, its digest or the beginning of that",
    ),
    Parameter("stream", "used", "checked sentences as they come"),
    Parameter("stream_options", "used", "an object"),
    Parameter("stream_options.include_usage", "used", "the chunk before the end tells the tokens that were taken"),
    Parameter("stream_options.include_obfuscation", "ignored", "nothing is padded"),
    Parameter("firmground", "used", "an object of our own"),
    Parameter(
        "firmground.conversation", "used", "the conversation that it goes on with, of an answer before; `messages` then only ask"
    ),
    Parameter("firmground.filters", "used", "which documents may answer, as in `POST /api/v1/answers`"),
    Parameter("frequency_penalty", "ignored", "the recipe decides how a model speaks"),
    Parameter("max_completion_tokens", "ignored", "an answer that is cut may lose its condition or its source"),
    Parameter("max_tokens", "ignored", "as `max_completion_tokens`"),
    Parameter("metadata", "ignored", "what is kept of an answer is not for clients to label"),
    Parameter("moderation", "ignored", "the rules of the workspace look at every question"),
    Parameter("parallel_tool_calls", "ignored", "no tool is called"),
    Parameter("prediction", "ignored", "what a client expects is no evidence"),
    Parameter("presence_penalty", "ignored", "the recipe decides how a model speaks"),
    Parameter("prompt_cache_key", "ignored", "the server knows by itself what was asked before"),
    Parameter("prompt_cache_options", "ignored", "as `prompt_cache_key`"),
    Parameter("prompt_cache_retention", "ignored", "as `prompt_cache_key`"),
    Parameter("reasoning_effort", "ignored", "the recipe decides how a model thinks"),
    Parameter("safety_identifier", "ignored", "who asks is known by the key"),
    Parameter("seed", "ignored", "the recipe decides how a model speaks"),
    Parameter("service_tier", "ignored", "there is one"),
    Parameter("stop", "ignored", "as `max_completion_tokens`"),
    Parameter("store", "ignored", "the settings decide what is kept"),
    Parameter("temperature", "ignored", "the recipe decides how a model speaks"),
    Parameter("top_p", "ignored", "the recipe decides how a model speaks"),
    Parameter("user", "ignored", "who asks is known by the key"),
    Parameter("verbosity", "ignored", "the prompt decides how long an answer is"),
    Parameter("n", "refused", "there is one answer", (1,)),
    Parameter("logprobs", "refused", "a sentence is checked as a whole", (False,)),
    Parameter("top_logprobs", "refused", "as `logprobs`", (0,)),
    Parameter("logit_bias", "refused", "it would put words into an answer", ({},)),
    Parameter("tools", "refused", "nothing is called but our own search", ([],)),
    Parameter("tool_choice", "refused", "as `tools`", ("none", "auto")),
    Parameter("functions", "refused", "as `tools`", ([],)),
    Parameter("function_call", "refused", "as `tools`", ("none", "auto")),
    Parameter("response_format", "refused", "an answer is sentences with their sources", ({"type": "text"},)),
    Parameter("modalities", "refused", "an answer is text", (["text"],)),
    Parameter("audio", "refused", "an answer is text"),
    Parameter("web_search_options", "refused", "answers come from the documents of the workspace alone"),
)
EMBEDDING = (
    Parameter(
        "input", "used", "a text or a list of texts; lists of tokens are refused, since which text they stand for is unknown"
    ),
    Parameter("model", "used", "as for a completion; every release is searched with the same embedder"),
    Parameter("encoding_format", "used", "`float` or `base64`"),
    Parameter("user", "ignored", "who asks is known by the key"),
    Parameter("dimensions", "refused", "the embedder has the dimension it has"),
)
ROLES = (
    Parameter("user", "used", "a question"),
    Parameter("assistant", "used", "the answer before, which nobody takes for true: it says what a question is about"),
    Parameter("system", "ignored", "the prompt of the release says how answers are made"),
    Parameter("developer", "ignored", "as `system`"),
    Parameter("tool", "refused", "nothing was called"),
    Parameter("function", "refused", "as `tool`"),
)
PARTS = (
    Parameter("text", "used", "parts of one message are its lines"),
    Parameter("refusal", "used", "as `text`"),
    Parameter("image_url", "refused", "only text can be asked"),
    Parameter("input_audio", "refused", "only text can be asked"),
    Parameter("file", "refused", "upload it as a document"),
)


def check(fields: Mapping[str, object], table: tuple[Parameter, ...], within: str = "") -> None:
    """BadParameter for the first that does not exist or cannot be had; `within` is the object that the fields are of."""
    known = {parameter.name: parameter for parameter in table}
    for name, value in fields.items():
        place = (f"{within}.{name}" if within else name)[:100]
        parameter = known.get(place)
        if parameter is None or (not within and "." in name):
            shown = place.encode("utf-8", "replace").decode()
            raise BadParameter(shown, f"there is no parameter {shown!r}", "leave it out")
        if parameter.how == "refused" and value is not None and value not in parameter.but:
            raise BadParameter(place, f"{place} cannot be had here: {parameter.why}", "leave it out")


def object_of(fields: Fields, name: str) -> Fields:
    """An object that may be left out."""
    value: object = fields.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadParameter(name, f"{name} is no object", "send an object, or leave it out")
    return value  # pyright: ignore[reportUnknownVariableType] - what is in it is looked at by `check`


def flag_of(fields: Fields, name: str, place: str = "") -> bool:
    """A boolean that may be left out."""
    value: object = fields.get(name)
    if value is not None and not isinstance(value, bool):
        raise BadParameter(place or name, f"{place or name} is neither true nor false", "send one of them, or leave it out")
    return value is True
