"""Requests in turns, with groups and kinds; reviews in rounds; places, absences, comments and notices."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("airlock", "0003_publications"),
        ("projects", "0009_past_memberships"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Absence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first", models.DateField()),
                ("last", models.DateField()),
            ],
            options={
                "ordering": ("first",),
            },
        ),
        migrations.CreateModel(
            name="Assignment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("turn", models.PositiveIntegerField(default=1)),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("ended", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ("id",),
            },
        ),
        migrations.CreateModel(
            name="Comment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("turn", models.PositiveIntegerField(default=1)),
                ("first_line", models.PositiveIntegerField(blank=True, null=True)),
                ("last_line", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "audience",
                    models.CharField(
                        choices=[("public", "The author and the checkers"), ("checkers", "Checkers alone")],
                        default="public",
                        max_length=8,
                    ),
                ),
                ("text", models.TextField()),
                ("at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ("id",),
            },
        ),
        migrations.CreateModel(
            name="Group",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("turn", models.PositiveIntegerField(default=1)),
                ("name", models.CharField(max_length=60)),
                (
                    "context",
                    models.TextField(blank=True, default="", help_text="What the files are, and how they were made."),
                ),
                (
                    "controls",
                    models.TextField(
                        blank=True, default="", help_text="What was suppressed or rounded, and why it is safe."
                    ),
                ),
            ],
            options={
                "ordering": ("id",),
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("recalled", "What you took out was recalled")], max_length=20)),
                ("text", models.TextField(blank=True, default="")),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("sent", models.DateTimeField(blank=True, db_index=True, null=True)),
            ],
            options={
                "ordering": ("id",),
            },
        ),
        migrations.CreateModel(
            name="Turn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                (
                    "answer",
                    models.TextField(blank=True, default="", help_text="What the author says to the turn before."),
                ),
                (
                    "members",
                    models.JSONField(
                        default=list, help_text="Who was in the project while its files were put together."
                    ),
                ),
                ("began", models.DateTimeField(auto_now_add=True)),
                ("submitted", models.DateTimeField(blank=True, null=True)),
                ("ended", models.DateTimeField(blank=True, null=True)),
                (
                    "outcome",
                    models.CharField(blank=True, default="", help_text="The state that it led to.", max_length=12),
                ),
            ],
            options={
                "ordering": ("number",),
            },
        ),
        migrations.RemoveConstraint(
            model_name="requestfile",
            name="file_name_once",
        ),
        migrations.RemoveConstraint(
            model_name="review",
            name="one_review_per_checker",
        ),
        migrations.AddField(
            model_name="request",
            name="checkers",
            field=models.PositiveSmallIntegerField(default=2, help_text="How many have to agree."),
        ),
        migrations.AddField(
            model_name="request",
            name="due",
            field=models.DateTimeField(blank=True, db_index=True, help_text="When an answer is due.", null=True),
        ),
        migrations.AddField(
            model_name="request",
            name="low_risk",
            field=models.CharField(
                blank=True, default="", help_text="The class that needs fewer checkers.", max_length=60
            ),
        ),
        migrations.AddField(
            model_name="request",
            name="phase",
            field=models.CharField(
                blank=True,
                choices=[("independent", "independent"), ("consolidation", "consolidation"), ("halted", "halted")],
                default="",
                max_length=13,
            ),
        ),
        migrations.AddField(
            model_name="request",
            name="places",
            field=models.PositiveSmallIntegerField(default=2, help_text="How many may review it now."),
        ),
        migrations.AddField(
            model_name="request",
            name="risk",
            field=models.PositiveSmallIntegerField(default=0, help_text="From 0 to 100, by what inspection found."),
        ),
        migrations.AddField(
            model_name="request",
            name="role",
            field=models.CharField(
                blank=True, default="", help_text="That one of those who approve must hold.", max_length=40
            ),
        ),
        migrations.AddField(
            model_name="request",
            name="turn",
            field=models.PositiveIntegerField(default=1, help_text="The version that it is about now, from 1."),
        ),
        migrations.AddField(
            model_name="requestfile",
            name="kind",
            field=models.CharField(
                choices=[
                    ("output", "Output: to be let out"),
                    ("supporting", "Supporting: shown to the checkers, never let out"),
                    ("code", "Code: to be let out with what it made"),
                    ("model", "Model: to be let out and registered"),
                ],
                default="output",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="requestfile",
            name="turn",
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="review",
            name="checkers",
            field=models.PositiveSmallIntegerField(default=2, help_text="How many had to agree then."),
        ),
        migrations.AddField(
            model_name="review",
            name="handed_in",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="review",
            name="phase",
            field=models.CharField(
                choices=[("independent", "independent"), ("consolidation", "consolidation"), ("halted", "halted")],
                default="independent",
                max_length=13,
            ),
        ),
        migrations.AddField(
            model_name="review",
            name="roles",
            field=models.JSONField(default=list, help_text="What the checker was when it was handed in."),
        ),
        migrations.AddField(
            model_name="review",
            name="round",
            field=models.PositiveIntegerField(
                default=1, help_text="Which of this checker's reviews of the turn, from 1."
            ),
        ),
        migrations.AddField(
            model_name="review",
            name="turn",
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AlterField(
            model_name="request",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "draft"),
                    ("submitted", "submitted"),
                    ("inspecting", "inspecting"),
                    ("blocked", "blocked"),
                    ("in_review", "in review"),
                    ("returned", "returned"),
                    ("rejected", "rejected"),
                    ("approved", "approved"),
                    ("releasing", "releasing"),
                    ("released", "released"),
                    ("withdrawn", "withdrawn"),
                    ("expired", "expired"),
                    ("recalled", "recalled"),
                ],
                default="submitted",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="review",
            name="choice",
            field=models.CharField(
                blank=True,
                choices=[("approve", "Approve"), ("return", "Ask for changes"), ("reject", "Reject")],
                default="",
                max_length=8,
            ),
        ),
        migrations.AddIndex(
            model_name="request",
            index=models.Index(fields=["state", "due"], name="request_by_state"),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.UniqueConstraint(
                fields=("request", "turn", "checker", "round"), name="one_review_per_round"
            ),
        ),
        migrations.AddField(
            model_name="absence",
            name="checker",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="absences", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="assignment",
            name="checker",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="assignments", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="assignment",
            name="request",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="assignments", to="airlock.request"
            ),
        ),
        migrations.AddField(
            model_name="comment",
            name="author",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="comments", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="comment",
            name="file",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="comments",
                to="airlock.requestfile",
            ),
        ),
        migrations.AddField(
            model_name="comment",
            name="request",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="comments", to="airlock.request"
            ),
        ),
        migrations.AddField(
            model_name="group",
            name="request",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="groups", to="airlock.request"
            ),
        ),
        migrations.AddField(
            model_name="comment",
            name="group",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="comments", to="airlock.group"
            ),
        ),
        migrations.AddField(
            model_name="requestfile",
            name="group",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="files", to="airlock.group"
            ),
        ),
        migrations.AddConstraint(
            model_name="requestfile",
            constraint=models.UniqueConstraint(fields=("request", "turn", "name"), name="file_name_once"),
        ),
        migrations.AddField(
            model_name="notice",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="notices", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="request",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="notices", to="airlock.request"
            ),
        ),
        migrations.AddField(
            model_name="turn",
            name="request",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="turns", to="airlock.request"
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended", None)), fields=("request", "turn", "checker"), name="one_place_per_checker"
            ),
        ),
        migrations.AddConstraint(
            model_name="group",
            constraint=models.UniqueConstraint(fields=("request", "turn", "name"), name="group_name_once"),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(fields=("request", "account", "kind"), name="told_once"),
        ),
        migrations.AddConstraint(
            model_name="turn",
            constraint=models.UniqueConstraint(fields=("request", "number"), name="turn_once"),
        ),
    ]
