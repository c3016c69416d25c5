"""Who was in a project that was approved stays known: people of its approved rounds who are members no more."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def take_from_applications(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    past = apps.get_model("projects", "PastMembership").objects
    accounts = apps.get_model("people", "Account").objects
    members = apps.get_model("projects", "Membership").objects
    for asked in apps.get_model("projects", "Application").objects.filter(state="approved"):
        now = set(members.filter(project=asked.project_id).values_list("account__username", flat=True))
        for account in accounts.filter(username__in=set(asked.people) - now):
            past.get_or_create(project_id=asked.project_id, account=account)


class Migration(migrations.Migration):
    dependencies = [("projects", "0008_disclosure_rules"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.CreateModel(
            name="PastMembership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("left", models.DateTimeField(auto_now_add=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="past_memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="past_members",
                        to="projects.project",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("project", "account"), name="past_member_once")],
            },
        ),
        migrations.RunPython(take_from_applications, migrations.RunPython.noop),
    ]
