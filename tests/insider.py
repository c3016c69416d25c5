"""Somebody who owns the database and means harm: what the audit log has to stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection

from tre.audit.domain import MerkleTree, leaf_hash
from tre.audit.models import Entry, Head
from tre.audit.rows import hashed
from tre.audit.subtrees import keep


@contextmanager
def without_triggers() -> Iterator[None]:
    """Take the log's own triggers away, as somebody who owns the database can, and put them back."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_entry'")
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f"DROP TRIGGER {name}")
            yield
            for _, sql in triggers:
                cursor.execute(sql)
        else:
            cursor.execute("ALTER TABLE audit_entry DISABLE TRIGGER USER")
            yield
            cursor.execute("ALTER TABLE audit_entry ENABLE TRIGGER USER")


def let_the_runner_truncate() -> None:
    """Leave PostgreSQL's triggers off: Django's runner truncates between tests, which the log refuses."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE audit_entry DISABLE TRIGGER USER")


def put_back_triggers() -> None:
    """Put PostgreSQL's triggers back for the next test."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE audit_entry ENABLE TRIGGER USER")


def as_an_insider(statement: str) -> None:
    """Do what the triggers refuse."""
    with without_triggers(), connection.cursor() as cursor:
        cursor.execute(statement)


def rewrite_log(change: Callable[[Entry], object] = lambda entry: None) -> None:
    """Change entries, and write every hash after them anew: a log that is right in itself."""
    tree = MerkleTree()
    with without_triggers():
        for entry in Entry.objects.order_by("number"):
            change(entry)
            entry.previous = tree.root().hex()
            leaf = leaf_hash(hashed(entry))
            entry.leaf = leaf.hex()
            entry.save(force_update=True)
            tree.append(leaf)
            keep(tree)
    Head.objects.filter(id=1).update(size=tree.size, subtrees=tree.to_text())
