"""What was meant by a name that nothing has: a misspelt one that is passed over would do something else than was asked for."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated, Any, get_args, get_origin

from fastapi import Depends
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from starlette.requests import Request

from firmground.web.problems import Unprocessable
from firmground.web.visit import TheVisit

_LONGEST = 100
"""Of a name that is told, or compared."""
_NAMED = 20


def _only_known(request: Request, visit: TheVisit) -> None:
    """Unprocessable for parameters behind the `?` that the address does not take."""
    del visit  # only who may ask at all is told what there is
    known = [each.alias for each in request.scope["route"].dependant.query_params]
    unknown = [name for name in dict.fromkeys(request.query_params) if name not in known]
    if unknown:
        raise Unprocessable([(f"query.{name[:_LONGEST]}", meant(name, known, "parameter")) for name in unknown])


OnlyKnown = Depends(_only_known)


def meant(name: str, known: Iterable[str], what: str) -> str:
    """What to tell about a name that is not among the known ones."""
    names = sorted(known)
    if near := get_close_matches(name[:_LONGEST], names, n=1):
        return f"there is no such {what}; did you mean {near[0]}?"
    return f"there is no such {what}" + (f"; known: {', '.join(names[:_NAMED])}" if names else "")


def told(request: Request, errors: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Errors of validation, those about unknown fields of the body with the name that was meant."""
    body = getattr(request.scope.get("route"), "body_field", None)
    return [
        _told(body.field_info.annotation, each) if body and each.get("type") == "extra_forbidden" else each for each in errors
    ]


def _told(model: Any, error: Mapping[str, Any]) -> Mapping[str, Any]:
    _, *way, name = error["loc"]
    for step in way:
        model = _below(model, str(step))
    known = [field.alias or own for own, field in _fields(model).items()]
    return {**error, "msg": meant(str(name), known, "field")}


def _below(model: Any, step: str) -> Any:
    """What stands in a field, or in a list of them; None where it is not one model."""
    fields = _fields(model)
    if step.isdecimal() and fields:
        return model
    return next((_model_in(field.annotation) for own, field in fields.items() if step in {own, field.alias}), None)


def _fields(model: Any) -> Mapping[str, FieldInfo]:
    return model.model_fields if _is_model(model) else {}


def _model_in(annotation: Any) -> Any:
    if _is_model(annotation):
        return annotation
    inner = get_args(annotation)[:1] if get_origin(annotation) is Annotated else get_args(annotation)
    models = [found for each in inner if (found := _model_in(each)) is not None]
    return models[0] if len(models) == 1 else None


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
