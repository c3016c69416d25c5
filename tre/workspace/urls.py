"""The addresses that the Hub, the launchers and the notebooks' doors call, and the pages about workspaces."""

from __future__ import annotations

from django.urls import path

from tre.airlock import api as airlock
from tre.privacy import api as privacy
from tre.privacy import question_api as questions
from tre.runs.attested import api as runs
from tre.workspace import api, views

urlpatterns = [
    path("projects/<slug:code>/open", views.open_workspace, name="workspace_open"),
    path("projects/<slug:code>/usage/", views.usage, name="workspace_usage"),
    path("projects/<slug:code>/quota", views.quota, name="workspace_quota"),
    path("api/hub/open", api.hub_open),
    path("api/hub/close", api.hub_close),
    path("api/gate/sent", api.gate_sent),
    path("api/gate/used", api.gate_used),
    path("api/workspace/me", api.me),
    path("api/workspace/tables", api.tables),
    path("api/workspace/requests", airlock.requests),
    path("api/workspace/requests/draft", airlock.draft),
    path("api/workspace/requests/<int:number>", airlock.one),
    path("api/workspace/requests/<int:number>/files", airlock.add),
    path("api/workspace/requests/<int:number>/group", airlock.group),
    path("api/workspace/requests/<int:number>/remove", airlock.remove),
    path("api/workspace/requests/<int:number>/submit", airlock.submit),
    path("api/workspace/requests/<int:number>/revise", airlock.revise),
    path("api/workspace/requests/<int:number>/withdraw", airlock.take_back),
    path("api/workspace/runs", runs.runs),
    path("api/workspace/runs/<int:number>", runs.one),
    path("api/workspace/runs/<int:number>/files/<int:output>", runs.file),
    path("api/workspace/runs/<int:number>/cancel", runs.cancel),
    path("api/workspace/runs/<int:number>/retry", runs.retry),
    path("api/workspace/budget", privacy.budget),
    path("api/workspace/budget/price", privacy.price),
    path("api/workspace/budget/reserve", privacy.reserve_budget),
    path("api/workspace/budget/<int:number>/commit", privacy.commit_budget),
    path("api/workspace/private/price", questions.price),
]
