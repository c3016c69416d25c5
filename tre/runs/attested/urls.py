"""The addresses of attested runs."""

from __future__ import annotations

from django.urls import path

from tre.runs.attested import views

urlpatterns = [
    path("projects/<slug:code>/runs/", views.listed, name="runs"),
    path("runs/<int:number>/", views.one, name="run"),
    path("runs/<int:number>/cancel", views.cancel, name="run_cancel"),
    path("runs/<int:number>/retry", views.retry, name="run_retry"),
]
