"""The addresses of the API and of its pages."""

from __future__ import annotations

from django.urls import include, path, re_path

from tre.api import problems, views
from tre.api.v1.api import PREFIX, addresses

urlpatterns = [
    path("account/tokens/", views.own, name="api_tokens"),
    path("account/tokens/<int:number>/revoke", views.revoke, name="api_token_revoke"),
    path("people/<slug:username>/tokens/", views.of_person, name="person_tokens"),
    path("people/<slug:username>/tokens/<int:number>/revoke", views.revoke_of, name="person_token_revoke"),
    path(f"{PREFIX}openapi.json", views.openapi, name="openapi"),
    path(PREFIX, include((addresses(), "api"), namespace="api")),
    re_path(rf"^{PREFIX}(?P<rest>[\s\S]*)$", problems.nothing_here),  # a line break is no end of an address
    path("api-reference/", views.reference, name="api_reference"),
]
