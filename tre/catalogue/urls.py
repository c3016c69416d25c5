"""The catalogue's addresses."""

from __future__ import annotations

from django.urls import path

from tre.catalogue import linkage, submission_views, views

urlpatterns = [
    path("catalogue/", views.catalogue, name="catalogue"),
    path("catalogue/build", views.build, name="catalogue_build"),
    path("catalogue/dcat.jsonld", views.dcat, name="catalogue_dcat"),
    path("catalogue/submissions", submission_views.submissions, name="catalogue_submissions"),
    path("catalogue/submissions/<str:identity>/", submission_views.one, name="catalogue_submission"),
    path("catalogue/submissions/<str:identity>/report.csv", submission_views.report_csv, name="catalogue_report_csv"),
    path(
        "catalogue/submissions/<str:identity>/report.html", submission_views.report_html, name="catalogue_report_html"
    ),
    path("catalogue/linkage/", linkage.page, name="linkage"),
    path("catalogue/linkage/<uuid:pair>/", linkage.pair, name="linkage_pair"),
    path("catalogue/linkage/<uuid:pair>/decide", linkage.decide_pair, name="linkage_decide"),
    path("catalogue/withdraw", views.withdraw_data, name="catalogue_withdraw"),
    path("catalogue/feedback/<str:identity>", views.feedback, name="catalogue_feedback"),
    path("catalogue/<slug:name>/", views.one, name="catalogue_dataset"),
    path("catalogue/<slug:name>/dcat.jsonld", views.dataset_dcat, name="catalogue_dataset_dcat"),
    path("catalogue/<slug:name>/schema.jsonld", views.dataset_schema_org, name="catalogue_dataset_schema"),
    path("catalogue/<slug:name>/metadata.json", views.dataset_national, name="catalogue_dataset_metadata"),
    path("catalogue/<slug:name>/lineage/", submission_views.lineage, name="catalogue_lineage"),
    path("catalogue/<slug:name>/fields/<slug:field>/", views.field, name="catalogue_field"),
]
