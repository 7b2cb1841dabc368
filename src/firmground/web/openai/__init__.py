"""The OpenAI protocol, so that any program that speaks it can ask: /v1/chat/completions, /v1/models, /v1/embeddings.

What a client says as `system` or `developer` never reaches a prompt: how answers are made is for the workspace to say, not for
whoever asks. What it says that others said before is text like any other, and proves nothing.
"""

from firmground.web.openai.routes import router

__all__ = ["router"]
