"""The addresses of projects."""

from __future__ import annotations

from django.urls import path

from tre.projects import application_views as pages
from tre.projects import extract_views, register_views, views

urlpatterns = [
    path("projects/", views.projects, name="projects"),
    path("projects/<slug:code>/", views.project, name="project"),
    path("projects/apply", pages.apply_for, name="project_apply"),
    path("projects/<slug:code>/application/", pages.application, name="application"),
    path("projects/<slug:code>/application/details", pages.details, name="application_details"),
    path("projects/<slug:code>/application/datasets/<slug:name>/", pages.dataset, name="application_dataset"),
    path("projects/<slug:code>/application/datasets/<slug:name>/leave-out", pages.leave_out, name="dataset_leave_out"),
    path("projects/<slug:code>/application/datasets/<slug:name>/decide", pages.decide_dataset, name="dataset_decide"),
    path("projects/<slug:code>/application/submit", pages.submit, name="application_submit"),
    path("projects/<slug:code>/application/withdraw", pages.withdraw, name="application_withdraw"),
    path("projects/<slug:code>/application/assessment", pages.assessment, name="application_assessment"),
    path("projects/<slug:code>/approve", pages.approve, name="project_approve"),
    path("projects/<slug:code>/decline", pages.decline, name="project_decline"),
    path("projects/<slug:code>/change", pages.change, name="project_change"),
    path("projects/<slug:code>/close", pages.close, name="project_close"),
    path("projects/<slug:code>/close/now", pages.close_now, name="project_close_now"),
    path("projects/<slug:code>/closure", views.closure, name="project_closure"),
    path("projects/<slug:code>/provision", views.provision, name="project_provision"),
    path("projects/<slug:code>/extracts/<int:number>/", extract_views.extract, name="extract"),
    path("projects/<slug:code>/extracts/<int:number>/accept", extract_views.accept, name="extract_accept"),
    path("projects/<slug:code>/extracts/<int:number>/destroy", extract_views.destroy, name="extract_destroy"),
    path("projects/<slug:code>/extracts/<int:number>/certificate", extract_views.certificate, name="certificate"),
    path("register/", register_views.register, name="register"),
    path("register.json", register_views.as_json, name="register_json"),
    path("register.csv", register_views.as_csv, name="register_csv"),
    path("register/<slug:code>/", register_views.entry, name="register_entry"),
]
