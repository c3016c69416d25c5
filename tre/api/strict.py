"""Refuses questions in an address that its operation does not know: mistyped, they would be passed over in silence."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest
from ninja.operation import Operation

from tre.api.problems import Problem


def strict(view: Callable[..., Any]) -> Callable[..., Any]:
    """Return the view so that it is asked what it knows, and each thing once."""

    @wraps(view)
    def answered(request: HttpRequest, *arguments: Any, **named: Any) -> Any:
        known = _known(vars(view)["_ninja_operation"])
        if any(name not in known or len(told) > 1 for name, told in request.GET.lists()):
            words = f"knows {', '.join(known)}, each once" if known else "takes no questions"
            raise Problem(422, f"This address {words}. Correct what follows its question mark.")
        return view(request, *arguments, **named)

    return answered


def _known(operation: Operation) -> tuple[str, ...]:
    models = (each for each in operation.models if each.__ninja_param_source__ == "query")
    return tuple(name for model in models for name in vars(model)["__ninja_flatten_map__"])
