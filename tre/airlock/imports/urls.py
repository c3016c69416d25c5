"""The addresses of imports."""

from __future__ import annotations

from django.urls import path

from tre.airlock.imports import views

urlpatterns = [
    path("imports/", views.listed, name="imports"),
    path("imports/<int:number>/", views.one, name="import"),
    path("imports/<int:number>/files/<int:file>/drawing", views.drawing, name="import_drawing"),
    path("imports/<int:number>/review", views.review, name="import_review"),
    path("imports/<int:number>/withdraw", views.take_back, name="import_withdraw"),
    path("projects/<slug:code>/import", views.new, name="import_new"),
]
