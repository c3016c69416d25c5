"""Every file is in a group."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("airlock", "0005_one_turn_each")]
    operations = [
        migrations.AlterField(
            "requestfile",
            "group",
            models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="files", to="airlock.group"),
        ),
    ]
