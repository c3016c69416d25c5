"""The auditor's addresses."""

from __future__ import annotations

from django.urls import path

from tre.audit import views

urlpatterns = [
    path("audit/", views.log, name="audit_log"),
    path("audit/export.ndjson", views.export, name="audit_export"),
    path("audit/<int:number>/", views.entry, name="audit_entry"),
    path("audit/<int:number>/proof.json", views.proof, name="audit_proof"),
]
