"""Pages of originals, as pictures."""

from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from firmground.app.corpus.pictures import WIDEST, page_picture
from firmground.web.visit import TheVisit

router = APIRouter()


class Look(BaseModel):
    """What of the document's text to mark, and how wide the picture shall be."""

    start: int = Field(0, ge=0, le=2**40)
    end: int = Field(0, ge=0, le=2**40)
    width: int = Field(800, ge=100, le=WIDEST)


@router.get("/documents/{id}/pages/{n}.png")
async def page_png(
    request: Request, visit: TheVisit, id: str, n: Annotated[int, Path(ge=1, le=1_000_000)], look: Annotated[Look, Query()]
) -> Response:
    """The browser may keep it, but asks each time whether it may still show it. `X-Highlight` says how much of the quote is marked."""
    picture = await visit.run(page_picture, visit.app, visit.actor, id, n, start=look.start, end=look.end, width=look.width)
    tag = f'"{sha256(picture.png).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "X-Highlight": picture.highlight}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(picture.png, media_type="image/png", headers=headers)
