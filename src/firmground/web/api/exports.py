"""What people made of answers, for tools that label, train and evaluate."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.responses import StreamingResponse

from firmground.app.teaching import exports
from firmground.web.api.description import refused
from firmground.web.visit import TheVisit, in_person

_WRITTEN: dict[str, Any] = {
    "description": "The dataset, as it is written.",
    "content": {kind: {"schema": {"type": "string"}} for kind in exports.FORMATS.values()},
}

router = APIRouter()


@router.get(
    "/exports/{dataset}",
    response_class=StreamingResponse,
    responses={200: _WRITTEN}
    | refused({400: "There is no such dataset, or not in this form.", 403: "You are no administrator."}),
)
async def get_export(
    visit: TheVisit,
    dataset: Annotated[str, Path(max_length=40, description="`feedback` or `pairs`.")],
    form: Annotated[str, Query(alias="format", max_length=20, description="`jsonl`, `csv` or `label-studio`.")] = "jsonl",
) -> StreamingResponse:
    """Every answer that somebody said or did something about, or the pairs that corrections made. It is recorded who took it out."""
    in_person(visit, "export datasets")
    pieces = await visit.run(exports.exported, visit.app, visit.actor, dataset, form)
    ending = {"label-studio": "json"}.get(form, form)
    headers = {"Content-Disposition": f'attachment; filename="{dataset}.{ending}"'}
    return StreamingResponse(pieces, headers=headers, media_type=f"{exports.FORMATS[form]}; charset=utf-8")
