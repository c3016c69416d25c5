"""The airlock's addresses."""

from __future__ import annotations

from django.urls import path

from tre.airlock import change_views, contents, deployer, draft_views, review_views, views

urlpatterns = [
    path("airlock/", views.queue, name="airlock"),
    path("airlock/away/", review_views.away, name="airlock_away"),
    path("airlock/away/<int:absence>/end", review_views.end_absence, name="airlock_back"),
    path("airlock/<int:number>/", views.one, name="airlock_request"),
    path("airlock/<int:number>/withdraw", views.take_back, name="airlock_withdraw"),
    path("airlock/<int:number>/files/<int:file>/", contents.contents, name="airlock_contents"),
    path("airlock/<int:number>/files/<int:file>/drawing", contents.drawing, name="airlock_drawing"),
    path("airlock/<int:number>/take", review_views.take, name="airlock_take"),
    path("airlock/<int:number>/give-back", review_views.give_back, name="airlock_give_back"),
    path("airlock/<int:number>/third", review_views.escalate, name="airlock_third"),
    path("airlock/<int:number>/comment", review_views.comment, name="airlock_comment"),
    path("airlock/<int:number>/review", review_views.hand_in, name="airlock_review"),
    path("airlock/<int:number>/recall", review_views.recall, name="airlock_recall"),
    path("airlock/<int:number>/revise", draft_views.revise, name="airlock_revise"),
    path("airlock/<int:number>/draft/", draft_views.edit, name="airlock_draft"),
    path("airlock/<int:number>/draft/group", draft_views.describe, name="airlock_draft_group"),
    path("airlock/<int:number>/draft/submit", draft_views.submit, name="airlock_draft_submit"),
    path("airlock/<int:number>/draft/files/<int:file>", draft_views.change_file, name="airlock_draft_file"),
    path("airlock/<int:number>/draft/files/<int:file>/remove", draft_views.remove_file, name="airlock_draft_remove"),
    path("airlock/<int:number>/files/<int:file>/vote", review_views.save_vote, name="airlock_vote"),
    path("airlock/<int:number>/files/<int:file>/changes", change_views.changes, name="airlock_changes"),
    path("models/", deployer.released_models, name="released_models"),
    path("models/password", deployer.show_password, name="registry_password"),
    path("models/release-key.pem", deployer.public_key, name="release_key"),
]
