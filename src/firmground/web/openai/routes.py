"""Parse, call one use case, return."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from firmground.app.asking.history import history
from firmground.web.openai import answered, embeddings, models
from firmground.web.openai.asked import asked, body_of
from firmground.web.streams import EventStream
from firmground.web.visit import TheVisit, unless_gone

_SOON_SECONDS = 1.0
"""What fails within it is told by its status, also where a stream was wanted."""

router = APIRouter(prefix="/v1", include_in_schema=False)


@router.get("/models")
async def get_models() -> Response:
    """What can be asked."""
    return JSONResponse({"object": "list", "data": [models.model(name) for name in models.NAMES]})


@router.get("/models/{name}")
async def get_model(name: str, visit: TheVisit) -> Response:
    """One of them, or `firmground@` with a digest or its beginning."""
    return JSONResponse(models.model(await models.find(visit, name)))


@router.post("/chat/completions")
async def post_completion(request: Request, visit: TheVisit) -> Response:
    """Answer the last message of the user."""
    wanted = asked(await body_of(request))
    model = models.known(wanted.model)
    stream = await visit.ask(
        wanted.question,
        filters=wanted.filters,
        conversation=wanted.conversation,
        history=await visit.run(history, wanted.said),
        release=models.release_of(model),
        request_id=request.state.request_id,
    )
    base = visit.app.workspace.settings.serve.url or f"{request.url.scheme}://{request.url.netloc}"
    if wanted.stream:
        await stream.settled(_SOON_SECONDS)
        return EventStream(answered.Chunks(stream, model, base, usage=wanted.usage).frames())
    return JSONResponse(answered.completion(await unless_gone(request, stream.outcome()), model, base))


@router.post("/embeddings")
async def post_embeddings(request: Request, visit: TheVisit) -> Response:
    """Vectors of the embedder that documents are searched with."""
    fields = await body_of(request)
    texts, coded = embeddings.texts_of(fields)
    await models.find(visit, fields.get("model"))
    await visit.counted()
    return JSONResponse(await unless_gone(request, embeddings.embeddings(visit, texts, coded=coded)))
