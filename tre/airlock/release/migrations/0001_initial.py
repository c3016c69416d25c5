"""For how long each release may be taken, and where it is delivered to."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("airlock", "0003_publications"),
        ("projects", "0008_disclosure_rules"),
    ]

    operations = [
        migrations.CreateModel(
            name="DownloadArea",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("crate_sha256", models.CharField(help_text="Of its ro-crate-metadata.json.", max_length=64)),
                ("until", models.DateTimeField(help_text="When it shuts.")),
                (
                    "opened_by",
                    models.CharField(
                        blank=True, default="", help_text="Who opened it again, if anybody.", max_length=32
                    ),
                ),
                (
                    "release",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="area", to="airlock.release"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ProjectTarget",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("target", models.CharField(help_text="By its name in the settings.", max_length=40)),
                ("set_by", models.CharField(max_length=32)),
                (
                    "project",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="release_target",
                        to="projects.project",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("target", models.CharField(max_length=40)),
                ("done", models.DateTimeField(null=True)),
                ("place", models.CharField(blank=True, default="", max_length=400)),
                ("revision", models.CharField(blank=True, default="", max_length=64)),
                (
                    "release",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="deliveries", to="airlock.release"
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
                "constraints": [models.UniqueConstraint(fields=("release", "target"), name="one_delivery_to_a_target")],
            },
        ),
    ]
