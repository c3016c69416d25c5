"""Who may do what at the release registry: the platform registers, everybody else with an account reads.

MLflow's own permissions let any signed-in account make models of its own name (mlflow.server.auth). A release registry
must not: what stands in it was approved. So the server asks this function first; it is named in its settings.
"""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, request
from mlflow.server.auth import auth_config, authenticate_request_basic_auth

_READS = frozenset({"GET", "HEAD", "OPTIONS"})


def authenticate() -> Any:
    """Return who asks, or a refusal: 401 without an account, 403 for a change by anyone but the platform."""
    who = authenticate_request_basic_auth()
    if isinstance(who, Response) or who is None:
        return who
    reads = request.method in _READS or (request.method == "POST" and request.path.rstrip("/").endswith("/search"))
    if who.username != auth_config.admin_username and not reads:
        return make_response("Only the platform registers models, after their release was approved.", 403)
    return who
