"""The addresses that the Hub and the notebooks' doors call; no page is among them."""

from __future__ import annotations

from django.urls import path

from tre.airlock import api as airlock
from tre.privacy import api as privacy
from tre.workspace import api

urlpatterns = [
    path("api/hub/open", api.hub_open),
    path("api/hub/close", api.hub_close),
    path("api/gate/sent", api.gate_sent),
    path("api/workspace/me", api.me),
    path("api/workspace/tables", api.tables),
    path("api/workspace/requests", airlock.requests),
    path("api/workspace/budget", privacy.budget),
    path("api/workspace/budget/reserve", privacy.reserve_budget),
    path("api/workspace/budget/<int:number>/commit", privacy.commit_budget),
]
