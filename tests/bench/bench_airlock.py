"""The airlock: review (:mod:`tests.bench.review`), and the audit log that every passage is written in.

Appending is measured against the same rows inserted by plain SQL, in as many transactions, into another file;
verifying against SHA-256 over the very bytes that are hashed, by one process. Both at growing sizes, so that what costs
more in a longer log would show. The log is the product's own: its settings, tables, triggers and signed checkpoints.
"""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

from tests.bench.harness import Row, row, timed
from tests.bench.home import product_home
from tests.bench.review import reviewing

if TYPE_CHECKING:
    from tre.audit.domain import MerkleTree
    from tre.audit.models import Entry, Subtree

APPENDED = {"small": (500, 1_000, 2_000), "medium": (1_000, 4_000, 16_000), "large": (1_000, 10_000, 100_000)}
VERIFIED = {"small": (50_000, 200_000), "medium": (100_000, 400_000), "large": (100_000, 1_000_000)}
PROOFS = 200
_ROUNDS = 5
# What a burst leaves between two checkpoints: a thousand entries a second, and a look every five seconds.
_COVERED = 5_000
# Files in memory, for the databases of a run.
_MEMORY = Path("/dev/shm")
_DATA = {"file": "table.csv", "sha256": "0123456789abcdef" * 4, "size": 48_213, "verdict": "pass"}
_INSERT = (
    "INSERT INTO audit_entry (number, at, event, actor, subject, data, once, previous, leaf) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def run(size: str, seed: int) -> list[Row]:
    """Measure the log in a home of its own."""
    with product_home() as home:
        rows = [*_appending(home, size, seed)]
        with _log(home, "verify.sqlite3"):
            rows += _verifying(size, seed)
        return [*reviewing(home, size, seed), *rows]


@contextmanager
def _log(folder: Path, name: str) -> Iterator[None]:
    """Let the log be an empty one in a database of its own."""
    from django.core.management import call_command
    from django.db import connection

    connection.close()
    with patch.dict(connection.settings_dict, {"NAME": str(folder / name)}):
        call_command("migrate", "audit", verbosity=0)
        yield
        connection.close()


def _appending(home: Path, size: str, seed: int) -> Iterator[Row]:
    """Append in transactions of one, as the product does, and insert the same rows by plain SQL.

    The product waits for the disk at the end of every transaction, so that nothing that was told is lost with the
    power, and so does the plain SQL. How many entries a second that leaves is the disk's affair, unless several are of
    one transaction; what is ours is measured in memory. Both go in turns: what else the disk does falls on both.
    """
    from tre.audit.models import Entry

    for most in APPENDED[size]:
        with _log(home, f"append-{most}.sqlite3"):
            seconds, floor, plain = 0.0, 0.0, _plain(home / f"plain-{most}.sqlite3")
            for before in range(0, most, most // _ROUNDS):
                seconds += timed(lambda: _append(most // _ROUNDS))  # noqa: B023 - called at once
                kept = Entry.objects.filter(number__gt=before).order_by("number").values_list()
                floor += _insert(plain, list(kept))
            plain.close()
        yield row("airlock", f"append, seconds against plain SQL, {most} entries", seconds / floor, "<= 4", size, seed)
    yield row("airlock", "plain SQL, transactions/s of this disk", most / floor, "", size, seed)
    yield row("airlock", "append, entries/s, one to a transaction", most / seconds, ">= 1000", size, seed)
    with _log(home, "append-by-ten.sqlite3"):
        rate = most / timed(lambda: _append(most, together=10))
    yield row("airlock", "append, entries/s, ten to a transaction", rate, ">= 1000", size, seed)
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as memory, _log(Path(memory), "log"):
        rate = most / timed(lambda: _append(most))
    yield row("airlock", "append, entries/s, one to a transaction, in memory", rate, ">= 1000", size, seed)


def _append(count: int, together: int = 1) -> None:
    from django.db import transaction

    from tre.audit.services import record

    for first in range(0, count, together):
        with transaction.atomic():
            for number in range(first, first + together):
                record("airlock.submitted", actor="researcher", subject=f"request:{number}", data=_DATA)


def _plain(path: Path) -> sqlite3.Connection:
    """Return a database with the same table under the same settings, without the triggers."""
    from django.db import connection

    plain = sqlite3.connect(path, isolation_level=None)
    plain.executescript(str(connection.settings_dict["OPTIONS"]["init_command"]))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sql FROM sqlite_master WHERE tbl_name = 'audit_entry' AND type IN ('table', 'index') "
            "AND sql IS NOT NULL ORDER BY type DESC"
        )
        for (sql,) in cursor.fetchall():
            plain.execute(sql)
    return plain


def _insert(plain: sqlite3.Connection, entries: list[tuple[object, ...]]) -> float:
    """Return the seconds for inserting rows in transactions of one."""
    ready = [
        [json.dumps(each) if isinstance(each, dict) else each and str(each) for each in entry] for entry in entries
    ]

    def insert() -> None:
        for entry in ready:
            plain.execute("BEGIN IMMEDIATE")
            plain.execute(_INSERT, entry)
            plain.execute("COMMIT")

    return timed(insert)


def _verifying(size: str, seed: int) -> Iterator[Row]:
    """Verify logs of growing length, and prove entries of the longest.

    Seconds are those of processors, of all processes together: what two of them do when they do nothing else.
    """
    from tre.audit.verification import verify_checkpoints

    _append(1)
    for most in VERIFIED[size]:
        _fill(most)
        before = _processors()
        wall = timed(verify_checkpoints)
        seconds = _processors() - before
        floor = _hashing(most)
        yield row("airlock", f"verify, seconds against SHA-256, {most} entries", seconds / floor, "<= 40", size, seed)
    yield row("airlock", "verify, entries/s on two processors", 2 * most / seconds, ">= 100000", size, seed)
    yield row("airlock", "verify, entries/s as the machine was", most / wall, "", size, seed)
    yield _proving(most, floor, size, seed)
    yield _searching(most, size, seed)


def _processors() -> float:
    """Return the seconds of processors that this process and its children have used."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _fill(most: int) -> None:
    """Lengthen the log to what appending would have made of it, quickly, with a checkpoint after each burst."""
    from tre.audit.checkpoints import write_checkpoint
    from tre.audit.domain import MerkleTree
    from tre.audit.models import Entry, Head, Subtree

    write_checkpoint()
    head = Head.objects.get()
    tree = MerkleTree.from_text(head.size, head.subtrees)
    while tree.size < most:
        made, kept = _burst(tree, min(_COVERED, most - tree.size))
        Entry.objects.bulk_create(made)
        Subtree.objects.bulk_create(kept)
        Head.objects.update(size=tree.size, subtrees=tree.to_text())
        write_checkpoint()


def _burst(tree: MerkleTree, count: int) -> tuple[list[Entry], list[Subtree]]:
    from django.utils import timezone

    from tre.audit.domain import KEPT_EVERY, leaf_hash
    from tre.audit.models import Entry, Subtree
    from tre.audit.rows import hashed

    made, kept = [], []
    for number in range(tree.size + 1, tree.size + count + 1):
        told = {"event": "airlock.submitted", "actor": "researcher", "subject": f"request:{number}", "data": _DATA}
        entry = Entry(number=number, at=timezone.now(), previous=tree.root().hex(), **told)
        leaf = leaf_hash(hashed(entry))
        entry.leaf = leaf.hex()
        tree.append(leaf)
        made.append(entry)
        if number % KEPT_EVERY == 0:
            kept.append(Subtree(end=number, root=tree.subtrees[-1].hex()))
    return made, kept


def _hashing(most: int) -> float:
    """Return the processor's seconds for SHA-256 over what is hashed of each entry, and nothing else."""
    from tre.audit.rows import chunks, hashed

    seconds = 0.0
    for rows, _ in chunks(1, most):
        ready = [b"\x00" + hashed(each) for each in rows]
        before = time.process_time()
        for each in ready:
            sha256(each).digest()
        seconds += time.process_time() - before
    return seconds


def _proving(most: int, floor: float, size: str, seed: int) -> Row:
    """Prove entries from all over the log, each by a prover that has read nothing, against hashing the whole log."""
    from tre.audit.proofs import Prover

    places = [1 + most * place // PROOFS for place in range(PROOFS)]
    before = _processors()
    for place in places:
        Prover().prove(place)
    seconds = (_processors() - before) / PROOFS
    return row(
        "airlock", f"a proof, seconds against SHA-256 of the log, {most} entries", seconds / floor, "<= 0.5", size, seed
    )


def _searching(most: int, size: str, seed: int) -> Row:
    """Find the oldest page of a search against the newest one, which every entry of the log fits."""
    from tre.audit.search import PAGE, Search, page

    wanted = Search(event="airlock.submitted")
    assert len(page(wanted, before=PAGE + 5).entries) == PAGE
    oldest = min(timed(lambda: page(wanted, before=PAGE + 5)) for _ in range(_ROUNDS))
    newest = min(timed(lambda: page(wanted)) for _ in range(_ROUNDS))
    return row(
        "airlock", f"a page of a search, oldest against newest, {most} entries", oldest / newest, "<= 2", size, seed
    )
