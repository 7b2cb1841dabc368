"""Embeddings from any server that speaks the OpenAI protocol."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from threading import Lock
from typing import Any, cast

import numpy as np

from firmground.errors import InvalidInput, OutsideFailed
from firmground.ports import Vectors
from firmground.types import digest

TEXTS_PER_REQUEST = 128
CHARACTERS_PER_REQUEST = 200_000


class OpenAIEmbedder:
    """Vectors of `model` at `base_url`, scaled to length 1. Thread-safe.

    `dimension`: asked of the server, which then must obey; without it the server's own, learnt by embedding one word. `longest`: texts
    are cut there (characters), for a server that refuses longer ones than its model takes. Requests that fail for a passing reason are
    repeated `retries` times. OutsideFailed: not reachable, refused, too late, or an answer that makes no sense.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        model: str,
        dimension: int | None = None,
        *,
        languages: frozenset[str] | None = None,
        timeout: float = 60.0,
        retries: int = 3,
        longest: int = 24_000,
    ) -> None:
        if not base_url.startswith(("http://", "https://")):
            raise InvalidInput(f"{base_url!r} is no address of an embeddings server", "begin base_url with http:// or https://")
        self._base_url = base_url
        self._api_key = api_key
        self._model = model
        self._asked = dimension
        self._languages = languages
        self._timeout = timeout
        self._retries = retries
        self._longest = longest
        self._known = dimension
        self._lock = Lock()

    @property
    def id(self) -> str:
        """Model and dimension: which server answers is a setting, and may change without a new index."""
        return digest({"kind": "openai", "model": self._model, "dimension": self._asked, "longest": self._longest})

    @property
    def dimension(self) -> int:
        with self._lock:
            if self._known is None:
                self._known = len(self._request(["dimension"])[0])
            return self._known

    @property
    def languages(self) -> frozenset[str] | None:
        return self._languages

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The server is asked once for each different text."""
        sent = [self._sendable(text) for text in texts]
        different = list(dict.fromkeys(sent))
        dimension = self.dimension
        vectors = np.empty((len(different), dimension), dtype=np.float32)
        start = 0
        for batch in _batches(different):
            found = self._request(batch)
            if found.shape[1] != dimension:
                raise self._failed(
                    f"gave vectors of {found.shape[1]} numbers instead of {dimension}", "check the model and dimension"
                )
            vectors[start : start + len(batch)] = found
            start += len(batch)
        places = {text: at for at, text in enumerate(different)}
        return vectors[[places[text] for text in sent]]

    def close(self) -> None:
        """Let its connections go. It opens new ones when it is asked again."""
        client = self.__dict__.pop("_client", None)
        if client is not None:
            client.close()

    def _sendable(self, text: str) -> str:
        """Servers refuse an empty text, and lone surrogates have no bytes."""
        return text[: self._longest].encode("utf-8", "replace").decode("utf-8").replace("\x00", " ") or " "

    def _request(self, texts: Sequence[str]) -> Vectors:
        import openai

        options: dict[str, Any] = {} if self._asked is None else {"dimensions": self._asked}
        try:
            answer = self._client.embeddings.create(model=self._model, input=list(texts), encoding_format="float", **options)
            data = sorted(cast("list[Any]", answer.data), key=lambda item: item.index)
            numbers = np.array([item.embedding for item in data], dtype=np.float64)
        except openai.APITimeoutError:
            raise self._failed(f"did not answer within {self._timeout:g} s", "try again, or allow more time") from None
        except openai.APIConnectionError as error:
            raise self._failed(
                f"cannot be reached ({error.__cause__ or error})", "check base_url and that the server runs"
            ) from None
        except (openai.AuthenticationError, openai.PermissionDeniedError):
            raise self._failed("refused the API key", "check the environment variable that holds it") from None
        except openai.NotFoundError:
            raise self._failed(f"does not know the model {self._model}", "check the model's name and base_url") from None
        except openai.APIStatusError as error:
            raise self._failed(
                f"answered with status {error.status_code} ({error.message})", "check the model and the server"
            ) from None
        except (openai.OpenAIError, ValueError, TypeError, AttributeError) as error:
            raise self._failed(
                f"gave an answer that makes no sense ({error})", "check that base_url is an OpenAI-compatible server"
            ) from None
        return self._unit(numbers, len(texts))

    def _unit(self, numbers: np.ndarray[Any, np.dtype[np.float64]], expected: int) -> Vectors:
        if numbers.ndim != 2 or len(numbers) != expected or not numbers.size or not np.isfinite(numbers).all():
            raise self._failed(
                "gave an answer that makes no sense (not one vector for each text)", "check the model and the server"
            )
        lengths = np.linalg.norm(numbers, axis=1, keepdims=True)
        if not lengths.all():
            raise self._failed("gave a vector of zeros", "check the model and the server")
        return (numbers / lengths).astype(np.float32)

    def _failed(self, what: str, remedy: str) -> OutsideFailed:
        return OutsideFailed(f"the embeddings server {self._base_url} {what}", remedy)

    @cached_property
    def _client(self) -> Any:
        import openai

        from firmground.models.openai_line import HEADERS

        return openai.OpenAI(
            base_url=self._base_url,
            api_key=self._api_key or "none",
            timeout=self._timeout,
            max_retries=self._retries,
            default_headers=HEADERS,
        )


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    characters = 0
    for text in texts:
        if batch and (len(batch) == TEXTS_PER_REQUEST or characters + len(text) > CHARACTERS_PER_REQUEST):
            yield batch
            batch, characters = [], 0
        batch.append(text)
        characters += len(text)
    if batch:
        yield batch
