"""The addresses of evidence."""

from __future__ import annotations

from django.urls import path

from tre.evidence import views

urlpatterns = [path("projects/<slug:code>/safes", views.safes, name="project_safes")]
