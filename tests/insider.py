"""Somebody who owns the database and means harm: what the audit log has to stand."""

from __future__ import annotations

from django.db import connection


def as_an_insider(statement: str) -> None:
    """Do what somebody who owns the database can: take the triggers away first."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_entry'")
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f"DROP TRIGGER {name}")
            cursor.execute(statement)
            for _, sql in triggers:
                cursor.execute(sql)
        else:
            cursor.execute("ALTER TABLE audit_entry DISABLE TRIGGER ALL")
            cursor.execute(statement)
            cursor.execute("ALTER TABLE audit_entry ENABLE TRIGGER ALL")
