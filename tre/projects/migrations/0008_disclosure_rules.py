"""A project's own disclosure profile and threshold, chosen in its assessment."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0007_profile")]
    operations = [
        migrations.AddField(
            "application",
            "disclosure_profile",
            models.CharField(
                blank=True, default="", help_text="What the assessment chose; empty until then.", max_length=30
            ),
        ),
        migrations.AddField("application", "disclosure_threshold", models.PositiveIntegerField(blank=True, null=True)),
        migrations.AddField(
            "project",
            "disclosure_profile",
            models.CharField(
                blank=True,
                default="",
                help_text="Of policies/disclosure.yaml; empty for the organisation's.",
                max_length=30,
            ),
        ),
        migrations.AddField(
            "project",
            "disclosure_threshold",
            models.PositiveIntegerField(
                blank=True, help_text="The least people in a count; empty for the profile's.", null=True
            ),
        ),
    ]
