"""The addresses of projects."""

from __future__ import annotations

from django.urls import path

from tre.projects import views

urlpatterns = [
    path("projects/", views.projects, name="projects"),
    path("projects/<slug:code>/", views.project, name="project"),
    path("projects/<slug:code>/approve", views.approve_project, name="project_approve"),
    path("projects/<slug:code>/provision", views.provision, name="project_provision"),
    path("register/", views.register, name="register"),
]
