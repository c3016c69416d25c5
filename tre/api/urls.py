"""The addresses of the API and of its pages."""

from __future__ import annotations

from django.urls import path

from tre.api import views

urlpatterns = [
    path("account/tokens/", views.own, name="api_tokens"),
    path("account/tokens/<int:number>/revoke", views.revoke, name="api_token_revoke"),
    path("people/<slug:username>/tokens/", views.of_person, name="person_tokens"),
    path("people/<slug:username>/tokens/<int:number>/revoke", views.revoke_of, name="person_token_revoke"),
]
