"""The addresses of notices."""

from __future__ import annotations

from django.urls import path

from tre.notices import views

urlpatterns = [
    path("notices/", views.listed, name="notices"),
    path("notices/read", views.read_all, name="notices_read"),
    path("notices/how", views.change, name="notices_how"),
    path("notices/<int:number>/", views.follow, name="notice"),
]
