"""Addresses of registered models."""

from __future__ import annotations

from django.urls import path

from tre.airlock.registered import views

urlpatterns = [
    path("models/<int:number>/", views.one, name="registered_model"),
    path("models/<int:number>/retire", views.retire, name="registered_retire"),
    path("models/<int:number>/alias", views.point, name="registered_alias"),
]
