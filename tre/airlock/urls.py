"""The airlock's addresses."""

from __future__ import annotations

from django.urls import path

from tre.airlock import contents, deployer, views

urlpatterns = [
    path("airlock/", views.queue, name="airlock"),
    path("airlock/<int:number>/", views.one, name="airlock_request"),
    path("airlock/<int:number>/review", views.hand_in, name="airlock_review"),
    path("airlock/<int:number>/withdraw", views.take_back, name="airlock_withdraw"),
    path("airlock/<int:number>/files/<int:file>/", contents.contents, name="airlock_contents"),
    path("airlock/<int:number>/files/<int:file>/drawing", contents.drawing, name="airlock_drawing"),
    path("airlock/<int:number>/files/<int:file>/picture", views.picture, name="airlock_picture"),
    path("airlock/<int:number>/files/<int:file>/download", views.download, name="airlock_download"),
    path("models/", deployer.released_models, name="released_models"),
    path("models/password", deployer.show_password, name="registry_password"),
    path("models/release-key.pem", deployer.public_key, name="release_key"),
]
