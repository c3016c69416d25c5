"""Budgets of datasets and of the population beside the projects', and what each ledger lost, as curves."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

import tre.privacy.models
from tre.privacy.composition import stated, whole
from tre.privacy.domain import Budget


def _fill(apps: Any, editor: Any) -> None:
    """Name each project's ledger, and add up what it lost by each spend's epsilon and delta."""
    del editor
    ledgers, spends = apps.get_model("privacy", "Ledger"), apps.get_model("privacy", "Spend")
    for spend in spends.objects.all():
        spend.curve = list(stated(Budget(spend.epsilon, spend.delta)).curve)
        spend.save(update_fields=["curve"])
        spend.touched.add(spend.ledger_id)
    for ledger in ledgers.objects.select_related("project"):
        held = spends.objects.filter(ledger=ledger).exclude(state="refunded")
        lost = whole(stated(Budget(each.epsilon, each.delta)) for each in held)
        ledger.name, ledger.lost_curve, ledger.lost_delta = ledger.project.code, list(lost.curve), lost.delta
        ledger.save(update_fields=["name", "lost_curve", "lost_delta"])


class Migration(migrations.Migration):
    dependencies = [
        ("privacy", "0002_payments"),
    ]

    operations = [
        migrations.AddField(
            model_name="ledger",
            name="scope",
            field=models.CharField(
                choices=[("project", "Project"), ("dataset", "Dataset"), ("population", "Population")],
                default="project",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="ledger",
            name="name",
            field=models.CharField(
                default="",
                help_text="The project's code, or the name of the dataset or population.",
                max_length=60,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="ledger",
            name="lost_delta",
            field=models.DecimalField(decimal_places=12, default=0, max_digits=14),
        ),
        migrations.AddField(
            model_name="ledger",
            name="lost_curve",
            field=models.JSONField(default=tre.privacy.models.no_curve),
        ),
        migrations.AlterField(
            model_name="ledger",
            name="project",
            field=models.OneToOneField(
                null=True,
                on_delete=models.deletion.PROTECT,
                related_name="ledger",
                to="projects.project",
            ),
        ),
        migrations.AlterModelOptions(name="ledger", options={"ordering": ("id",)}),
        migrations.AddField(model_name="spend", name="mechanism", field=models.JSONField(default=dict)),
        migrations.AddField(
            model_name="spend",
            name="curve",
            field=models.JSONField(default=tre.privacy.models.no_curve),
        ),
        migrations.AddField(
            model_name="spend",
            name="touched",
            field=models.ManyToManyField(related_name="touching", to="privacy.ledger"),
        ),
        migrations.RunPython(_fill, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="ledger",
            constraint=models.UniqueConstraint(fields=("scope", "name"), name="one_ledger_for_each"),
        ),
    ]
