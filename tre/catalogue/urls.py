"""The catalogue's addresses."""

from __future__ import annotations

from django.urls import path

from tre.catalogue import linkage, views

urlpatterns = [
    path("catalogue/", views.catalogue, name="catalogue"),
    path("catalogue/build", views.build, name="catalogue_build"),
    path("catalogue/linkage/", linkage.page, name="linkage"),
    path("catalogue/linkage/<uuid:pair>/", linkage.pair, name="linkage_pair"),
    path("catalogue/linkage/<uuid:pair>/decide", linkage.decide_pair, name="linkage_decide"),
    path("catalogue/withdraw", views.withdraw_data, name="catalogue_withdraw"),
    path("catalogue/feedback/<str:identity>", views.feedback, name="catalogue_feedback"),
    path("catalogue/<slug:name>/", views.one, name="catalogue_dataset"),
]
