from django.db import migrations

_SUBJECT = "account:"


def mark(apps, schema_editor):
    """Mark the demonstration's accounts that are older than the field which says so.

    The audit log has told of each since it was made, so nothing new happens here that it would have to be told.
    """
    made = apps.get_model("audit", "Entry").objects.filter(event="people.account_created", actor="demonstration")
    names = [subject.removeprefix(_SUBJECT) for subject in made.values_list("subject", flat=True)]
    apps.get_model("people", "Account").objects.filter(username__in=names).update(demonstration=True)


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0003_cache_entry"),
        ("audit", "0001_initial"),
    ]

    operations = [migrations.RunPython(mark, migrations.RunPython.noop)]
