"""An insider with the database: what they change, the log shows; what they may, the database refuses."""

from __future__ import annotations

import threading

import pytest
from django.db import DatabaseError, connection, connections, transaction
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.insider import as_an_insider
from tre.audit.domain import leaf_hash
from tre.audit.errors import AuditBroken, OutsideTransaction
from tre.audit.models import Entry, Head
from tre.audit.rows import hashed
from tre.audit.services import record, verify

pytestmark = pytest.mark.django_db(transaction=True)


def write(count: int) -> None:
    for number in range(count):
        with transaction.atomic():
            record("test.happened", actor="alice", subject=f"thing:{number}", data={"n": number, "pair": (1, 2)})


def test_a_log_that_nobody_touched_verifies():
    assert verify().entries == 0
    write(9)
    verified = verify()
    assert verified.entries == 9
    assert len(verified.root) == 64


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.floats(allow_nan=False, allow_infinity=False)
        | st.integers()
        | st.booleans()
        | st.none()
        | st.sampled_from("ab"),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
        max_leaves=6,
    )
)
@example([1e16, 2.0**60, 1.2345e300, -0.0, 5e-324, 1.0, 1e22])
def test_whatever_numbers_an_entry_holds_either_database_gives_back_what_was_hashed(numbers):
    with transaction.atomic():
        entry = record("test.happened", actor="alice", subject="thing", data={"numbers": numbers})
    assert leaf_hash(hashed(Entry.objects.get(number=entry.number))).hex() == entry.leaf


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_json_does_not_know_is_not_written(number):
    with pytest.raises(ValueError, match="JSON"), transaction.atomic():
        record("test.happened", actor="alice", subject="thing", data={"n": number})
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET actor = 'mallory' WHERE number = 3",
        "DELETE FROM audit_entry WHERE number = 3",
        "DELETE FROM audit_entry",
    ],
)
def test_the_database_refuses_to_change_or_delete(statement):
    write(4)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert verify().entries == 4


def test_the_database_refuses_to_replace():
    write(2)
    if connection.vendor != "sqlite":
        pytest.skip("INSERT OR REPLACE is SQLite's own")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT OR REPLACE INTO audit_entry (number, at, event, actor, subject, data, once, previous, leaf) "
            "SELECT number, at, 'x', actor, subject, data, once, previous, leaf FROM audit_entry WHERE number = 1"
        )


@pytest.mark.parametrize(
    ("statement", "at"),
    [
        ("UPDATE audit_entry SET actor = 'mallory' WHERE number = 3", 3),
        ("UPDATE audit_entry SET subject = 'thing:9' WHERE number = 1", 1),
        ("UPDATE audit_entry SET event = 'test.other' WHERE number = 5", 5),
        ("UPDATE audit_entry SET data = '{\"n\": 7}' WHERE number = 2", 2),
        ("UPDATE audit_entry SET once = 'again' WHERE number = 4", 4),
        ("UPDATE audit_entry SET at = '2020-01-01 00:00:00+00' WHERE number = 2", 2),
        ("UPDATE audit_entry SET leaf = previous WHERE number = 4", 4),
        ("DELETE FROM audit_entry WHERE number = 3", 3),
        ("DELETE FROM audit_entry WHERE number = 1", 1),
        ("DELETE FROM audit_entry WHERE number = 6", 6),
    ],
)
def test_what_an_insider_does_is_found_and_placed(statement, at):
    write(6)
    as_an_insider(statement)
    with pytest.raises(AuditBroken) as broken:
        verify()
    assert broken.value.number == at
    assert f"audit entry {at}" in broken.value.sentence()


@pytest.mark.parametrize(
    "value", ["x'00'", "'[1]'", "'{'", "7", "'" + "[" * 9999 + "'"], ids=["bytes", "list", "broken", "number", "deep"]
)
@pytest.mark.parametrize("column", ["actor", "at", "data"])
def test_what_is_no_value_of_its_column_is_found_without_a_traceback(column, value):
    """SQLite keeps whatever is put into a column."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL keeps to the types of its columns")
    write(3)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        as_an_insider(f"UPDATE audit_entry SET {column} = {value} WHERE number = 2")
        cursor.execute("PRAGMA ignore_check_constraints = OFF")
    with pytest.raises(AuditBroken) as broken:
        verify()
    assert broken.value.number == 2


def test_entries_beyond_the_kept_tree_are_found():
    write(4)
    Head.objects.update(size=3)
    with pytest.raises(AuditBroken, match="does not cover"):
        verify()
    Head.objects.update(size=4, subtrees="00")
    with pytest.raises(AuditBroken, match="does not cover"):
        verify()


def test_an_entry_stands_or_falls_with_its_change():
    write(1)
    with transaction.atomic():
        record("test.failed", actor="alice", subject="thing:1")
        transaction.set_rollback(True)
    assert verify().entries == 1
    with pytest.raises(OutsideTransaction):
        record("test.outside", actor="alice", subject="thing:1")


def test_a_happening_is_recorded_once():
    with transaction.atomic():
        first = record("test.once", actor="alice", subject="thing:1", once="thing:1:done")
    with transaction.atomic():
        second = record("test.once", actor="alice", subject="thing:1", once="thing:1:done")
    assert first.number == second.number
    assert verify().entries == 1


def test_many_at_once_make_one_order():
    errors = []

    def writer(name: int) -> None:
        try:
            for number in range(8):
                with transaction.atomic():
                    record("test.race", actor=f"writer-{name}", subject=f"thing:{number}")
        except DatabaseError as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=writer, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert verify().entries == 48
    assert Entry.objects.count() == 48
