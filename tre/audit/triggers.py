"""Whether the database still refuses to change the log: its triggers can be taken away by whoever owns it."""

from __future__ import annotations

from django.db import connection

from tre.audit.errors import AuditBroken

_SQLITE = {"audit_entry_no_update", "audit_entry_no_delete", "audit_entry_no_replace"}
_POSTGRESQL = {"audit_entry_append_only", "audit_entry_no_truncate"}
_REFUSES = "the audit log is append-only"


def check_triggers() -> None:
    """Check that every trigger of the log is there, in force, and refuses.

    Raises
    ------
    AuditBroken
        When one is not: somebody with the database's own rights has taken it away, whatever they did meanwhile.
    """
    missing = _missing()
    if missing:
        raise AuditBroken(f"The database no longer refuses to change the log: {', '.join(sorted(missing))}", 1)


def _missing() -> set[str]:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_entry'")
            return _SQLITE - {name for name, sql in cursor.fetchall() if "WHEN 0" not in sql and _REFUSES in sql}
        cursor.execute(
            "SELECT tgname, prosrc FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid "
            "WHERE tgrelid = 'audit_entry'::regclass AND tgenabled IN ('O', 'A')"
        )
        return _POSTGRESQL - {name for name, source in cursor.fetchall() if f"RAISE EXCEPTION '{_REFUSES}'" in source}
