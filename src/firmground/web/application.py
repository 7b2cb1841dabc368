"""The web application: routes, error handlers, and the edge around them."""

from functools import cache
from importlib.metadata import version

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.types import ASGIApp

from firmground.errors import FirmgroundError
from firmground.mcp import Endpoint
from firmground.web import api, nearest, openai, pages, problems
from firmground.web.admission import Admitted
from firmground.web.api.description import describe, tags
from firmground.web.edge import Edge
from firmground.web.language import Speaking
from firmground.web.rendering import STATIC, Files
from firmground.web.served import Served

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def application(served: Served) -> ASGIApp:
    """Everything that `firmground serve` answers."""
    # The interactive pages of the framework would load scripts from elsewhere; behind a proxy its redirects would lead past it.
    app = FastAPI(
        title="Firmground",
        version=version("firmground"),
        openapi_tags=tags(),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.served = served
    describe(app, served)
    app.router.routes.extend(_routes())
    app.add_exception_handler(FirmgroundError, _failed)
    app.add_exception_handler(RequestValidationError, _failed)
    app.add_exception_handler(HTTPException, _failed)
    app.add_exception_handler(Exception, _failed)
    return Speaking(Edge(app, app, served))


@cache
def _routes() -> tuple[BaseRoute, ...]:
    """One set for every application of this process: what the framework works out of a route, when it is first looked at, stays true."""
    router = APIRouter(generate_unique_id_function=lambda route: route.name, dependencies=[Admitted])
    for each in (api.router, api.health_router, openai.router, pages.router):
        router.include_router(each)
    router.routes.append(Route("/mcp", Endpoint(), methods=["POST"]))
    # Only what holds nothing of anybody: the size of a compressed page would tell what stands in it.
    router.mount("/static", GZipMiddleware(Files(directory=STATIC)))
    return tuple(router.routes)


async def _failed(request: Request, error: Exception) -> Response:
    return problems.response(request, _told(request, error))


def _told(request: Request, error: Exception) -> FirmgroundError:
    if isinstance(error, FirmgroundError):
        return error
    if isinstance(error, RequestValidationError):
        return problems.from_validation(nearest.told(request, error.errors()))
    if isinstance(error, HTTPException):
        return problems.from_http(error, _allowed(request, error))
    return problems.unexpected(request.state.request_id)


def _allowed(request: Request, error: HTTPException) -> str:
    """The methods that this address takes; the framework names those of one route of it."""
    routes = [route for route in request.app.router.routes if not isinstance(route, Mount)]
    found = [
        method
        for method in _METHODS
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes)
    ]
    return ", ".join(found) or (error.headers or {}).get("Allow", "")
