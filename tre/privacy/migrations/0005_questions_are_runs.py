"""A private question is an attested run: what a spend buys stands at the spend, and the table of questions goes."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def mark(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Say of what was spent on questions that it pays for no model. What waits for its answer stays spent."""
    asked = apps.get_model("privacy", "Question").objects.values("spend")  # type: ignore[misc]  # it is no more
    apps.get_model("privacy", "Spend").objects.filter(pk__in=asked).update(buys="answer")


class Migration(migrations.Migration):
    dependencies = [("privacy", "0004_questions")]

    operations = [
        migrations.AddField(
            model_name="spend",
            name="buys",
            field=models.CharField(choices=[("model", "Model"), ("answer", "Answer")], default="model", max_length=6),
        ),
        migrations.RunPython(mark, migrations.RunPython.noop),
        migrations.DeleteModel(name="Question"),
    ]
