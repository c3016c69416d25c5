"""The database's own refusal to change the log, and whether it is still there: its owner can take it away."""

from __future__ import annotations

from django.db import connection

from tre.audit.errors import AuditBroken

_REFUSAL = "the audit log is append-only"
SQLITE = {
    **{
        f"audit_entry_no_{act.lower()}": f"""CREATE TRIGGER audit_entry_no_{act.lower()} BEFORE {act} ON audit_entry
        BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"""
        for act in ("UPDATE", "DELETE")
    },
    # INSERT OR REPLACE deletes without firing the delete trigger, so a second entry of a number is refused too.
    "audit_entry_no_replace": """CREATE TRIGGER audit_entry_no_replace BEFORE INSERT ON audit_entry
        WHEN EXISTS (SELECT 1 FROM audit_entry WHERE number = NEW.number OR (NEW.once IS NOT NULL AND once = NEW.once))
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
}
_FUNCTION = f"BEGIN RAISE EXCEPTION '{_REFUSAL}'; END"
POSTGRESQL = [
    f"CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ {_FUNCTION} $$",
    """CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE ON audit_entry
        FOR EACH ROW EXECUTE FUNCTION audit_append_only()""",
    """CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_entry
        FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()""",
]
# PostgreSQL, catalog/pg_trigger.h: row 1, before 2, delete 8, update 16, truncate 32.
_KINDS = {"audit_entry_append_only": 1 + 2 + 8 + 16, "audit_entry_no_truncate": 2 + 32}


def check_triggers() -> None:
    """Check that every trigger of the log is there, in force, and refuses what it was made to refuse.

    Raises
    ------
    AuditBroken
        When one does not: somebody with the database's own rights has seen to it, whatever they did meanwhile.
    """
    missing = _missing_sqlite() if connection.vendor == "sqlite" else _missing_postgresql()
    if missing:
        raise AuditBroken(f"The database no longer refuses to change the log: {', '.join(sorted(missing))}", 1)


def _missing_sqlite() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_entry'")
        there = {name: sql.split() for name, sql in cursor.fetchall()}
    return {name for name, sql in SQLITE.items() if there.get(name) != sql.split()}


def _missing_postgresql() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname, tgtype, prosrc FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid "
            "WHERE tgrelid = 'audit_entry'::regclass AND tgenabled IN ('O', 'A') AND tgqual IS NULL AND tgattr = ''"
        )
        there = {name: kind for name, kind, source in cursor.fetchall() if source.split() == _FUNCTION.split()}
    return {name for name, kind in _KINDS.items() if there.get(name) != kind}
