"""Registered models, what their aliases name, and what a webhook is told."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("airlock", "0009_attack_reports"),
    ]

    operations = [
        migrations.CreateModel(
            name="Told",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "identity",
                    models.CharField(
                        help_text="The webhook-id: one that repeats is the same.", max_length=40, unique=True
                    ),
                ),
                ("kind", models.CharField(max_length=40)),
                ("body", models.TextField(help_text="JSON, byte for byte as it is signed and sent.")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "answer",
                    models.CharField(blank=True, default="", help_text="What came of the last attempt.", max_length=80),
                ),
                ("taken", models.DateTimeField(blank=True, help_text="When the receiver took it.", null=True)),
            ],
            options={
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="Alias",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                ("alias", models.CharField(max_length=40)),
                ("version", models.PositiveIntegerField(null=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("name", "alias"), name="alias_once")],
            },
        ),
        migrations.CreateModel(
            name="RegisteredModel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                ("version", models.PositiveIntegerField()),
                ("folder", models.CharField(help_text="Its folder among the release's files.", max_length=340)),
                (
                    "serial",
                    models.PositiveIntegerField(default=1, help_text="Rises with each change of what is said of it."),
                ),
                ("recalled", models.BooleanField(default=False)),
                (
                    "retires",
                    models.DateField(blank=True, help_text="The day (UTC) from which it may not be served.", null=True),
                ),
                ("why", models.TextField(blank=True, default="", help_text="Why it retires.")),
                (
                    "release",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="registered", to="airlock.release"
                    ),
                ),
            ],
            options={
                "ordering": ("name", "-version"),
                "constraints": [models.UniqueConstraint(fields=("name", "version"), name="registered_version_once")],
            },
        ),
    ]
