"""The privacy ledger's address."""

from __future__ import annotations

from django.urls import path

from tre.privacy import views

urlpatterns = [path("projects/<slug:code>/privacy/", views.ledgers, name="project_privacy")]
