"""Roots of full subtrees, those of the entries that there are, and the indexes by which the log is searched."""

from __future__ import annotations

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from tre.audit.domain import KEPT_EVERY, MerkleTree

_SEARCHED = ("event", "actor", "subject")


def keep_subtrees(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    entry, subtree = apps.get_model("audit", "Entry"), apps.get_model("audit", "Subtree")
    tree = MerkleTree()
    for leaf in entry.objects.order_by("number").values_list("leaf", flat=True).iterator():
        tree.append(bytes.fromhex(leaf))
        if tree.size % KEPT_EVERY == 0:
            subtree.objects.create(end=tree.size, root=tree.subtrees[-1].hex())


def drop_single_indexes(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Drop them by name: altering the fields would make the table anew on SQLite, without its triggers."""
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, "audit_entry")
    for name, told in found.items():
        if told["index"] and not told["unique"] and told["columns"] in [[each] for each in _SEARCHED]:
            schema_editor.execute(f"DROP INDEX {schema_editor.quote_name(name)}")


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]
    operations = [
        migrations.CreateModel(
            name="Subtree",
            fields=[
                ("end", models.BigIntegerField(primary_key=True, serialize=False)),
                ("root", models.CharField(max_length=64)),
            ],
        ),
        migrations.RunPython(keep_subtrees),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(drop_single_indexes)],
            state_operations=[
                migrations.AlterField("entry", "event", models.CharField(max_length=80)),
                migrations.AlterField("entry", "actor", models.CharField(max_length=150)),
                migrations.AlterField("entry", "subject", models.CharField(max_length=200)),
            ],
        ),
        *(
            migrations.AddIndex("entry", models.Index(fields=[*columns], name=f"audit_entry_by_{columns[0]}"))
            for columns in (*((each, "number") for each in _SEARCHED), ("at",))
        ),
    ]
