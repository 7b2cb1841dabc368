"""Whether the process lives, and whether it can answer: for whoever watches over it, without credentials."""

from typing import Literal

from fastapi import APIRouter, Response
from starlette.responses import JSONResponse

from firmground.web.api.shapes import Body
from firmground.web.served import TheServed

router = APIRouter(tags=["health"])


class Health(Body):
    status: Literal["ok"]


class Readiness(Body):
    ready: bool
    reasons: list[str]


@router.get("/healthz")
async def get_health() -> Health:
    """The process lives."""
    return Health(status="ok")


@router.get(
    "/readyz", response_model=Readiness, responses={503: {"model": Readiness, "description": "Not yet, or not any more."}}
)
async def get_readiness(served: TheServed) -> Response:
    """Whether questions are answered without delay: 503 with the reasons where they are not."""
    reasons = served.reasons()
    return JSONResponse({"ready": not reasons, "reasons": reasons}, 503 if reasons else 200)
