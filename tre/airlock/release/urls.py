"""The addresses of releases."""

from __future__ import annotations

from django.urls import path

from tre.airlock.release import target_views, views

urlpatterns = [
    path("projects/<slug:code>/release-target", target_views.choose, name="release_target"),
    path("releases/", views.listed, name="releases"),
    path("airlock/<int:number>/release/", views.one, name="release"),
    path("airlock/<int:number>/release/open", views.open_again_page, name="release_open"),
    path("airlock/<int:number>/release/archive", views.archive, name="release_archive"),
    path("airlock/<int:number>/files/<int:file>/download", views.download, name="airlock_download"),
]
