"""What each release tells in counts is kept, for later requests to be held against it."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("airlock", "0002_votes_by_hash")]
    operations = [
        migrations.AddField(
            "request",
            "compared",
            models.PositiveBigIntegerField(
                null=True, help_text="The newest release, by its place, that inspection held it against."
            ),
        ),
        migrations.CreateModel(
            name="Publication",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("tables", models.JSONField(default=list)),
                (
                    "place",
                    models.PositiveBigIntegerField(
                        null=True,
                        db_index=True,
                        help_text="In the order of releases; none while it was not let out, 0 before they were kept.",
                    ),
                ),
                ("release", models.CharField(blank=True, default="", max_length=40)),
                (
                    "file",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="publication",
                        to="airlock.requestfile",
                    ),
                ),
            ],
            options={"ordering": ("place", "id")},
        ),
    ]
