from __future__ import annotations

from django.db import migrations


def take_over(apps, schema_editor):
    """Move what was told of recalls; nobody was sent any of it yet, so that it goes with the next digest."""
    told = apps.get_model("notices", "Notice").objects
    for each in apps.get_model("airlock", "Notice").objects.all():
        told.create(
            account_id=each.account_id,
            kind=each.kind,
            about=f"request:{each.request_id}",
            text=each.text,
            once=f"recalled:{each.request_id}",
            at=each.at,
            mail="once",
        )


class Migration(migrations.Migration):
    dependencies = [("airlock", "0007_members_of_cells"), ("notices", "0001_initial")]
    operations = [migrations.RunPython(take_over, migrations.RunPython.noop), migrations.DeleteModel("Notice")]
