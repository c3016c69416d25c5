"""A private question is a kind of run."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("attested", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="run",
            name="kind",
            field=models.CharField(
                choices=[
                    ("aggregate", "a safe table"),
                    ("training", "a private training"),
                    ("notebook", "a notebook"),
                    ("private", "a private question"),
                ],
                max_length=10,
            ),
        ),
    ]
