"""Every address of the portal."""

from __future__ import annotations

from django.urls import include, path

from tre.web import policies, public
from tre.web import views as web

urlpatterns = [
    path("", web.home, name="home"),
    path("health", web.health, name="health"),
    path("policies/", policies.page, name="policies"),
    path("public/", public.page, name="public"),
    path("", include("tre.audit.urls")),
    path("", include("tre.people.urls")),
    path("", include("tre.notices.urls")),
    path("", include("allauth.idp.urls")),
    path("", include("tre.catalogue.urls")),
    path("", include("tre.projects.urls")),
    path("", include("tre.privacy.urls")),
    path("", include("tre.airlock.urls")),
    path("", include("tre.airlock.release.urls")),
    path("", include("tre.airlock.imports.urls")),
    path("", include("tre.airlock.registered.urls")),
    path("", include("tre.runs.attested.urls")),
    path("", include("tre.workspace.urls")),
    path("", include("tre.evidence.urls")),
    path("", include("tre.api.urls")),
]

handler400 = "tre.web.views.bad_request"
handler403 = "tre.web.views.forbidden"
handler404 = "tre.web.views.not_found"
handler429 = "tre.web.views.too_often"  # allauth's: it counts attempts
handler500 = "tre.web.views.server_error"
