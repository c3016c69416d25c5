"""The addresses of projects."""

from __future__ import annotations

from django.urls import path

from tre.projects import extract_views, views

urlpatterns = [
    path("projects/", views.projects, name="projects"),
    path("projects/<slug:code>/", views.project, name="project"),
    path("projects/<slug:code>/approve", views.approve_project, name="project_approve"),
    path("projects/<slug:code>/provision", views.provision, name="project_provision"),
    path("projects/<slug:code>/extracts/<int:number>/", extract_views.extract, name="extract"),
    path("projects/<slug:code>/extracts/<int:number>/accept", extract_views.accept, name="extract_accept"),
    path("projects/<slug:code>/extracts/<int:number>/destroy", extract_views.destroy, name="extract_destroy"),
    path("projects/<slug:code>/extracts/<int:number>/certificate", extract_views.certificate, name="certificate"),
    path("register/", views.register, name="register"),
]
