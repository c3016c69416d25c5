"""Votes keep the hash that they were cast on. Those cast before take it from their file, which never changed then."""

from __future__ import annotations

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def take_from_files(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    votes = apps.get_model("airlock", "FileVote").objects
    for vote in votes.select_related("file"):
        votes.filter(pk=vote.pk).update(sha256=vote.file.sha256)


class Migration(migrations.Migration):
    dependencies = [("airlock", "0001_initial")]
    operations = [
        migrations.AddField("filevote", "sha256", models.CharField(default="", max_length=64), preserve_default=False),
        migrations.RunPython(take_from_files, migrations.RunPython.noop),
        migrations.AddIndex("requestfile", models.Index(fields=["sha256"], name="file_by_hash")),
    ]
