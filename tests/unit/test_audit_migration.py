"""A log that was begun before proofs were: it keeps its entries and its triggers, and its proofs are made."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.db import connection

from tre.audit.triggers import check_triggers
from tre.config.options import REPOSITORY

_BEFORE = """
import django; django.setup()
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from tre.audit.domain import MerkleTree, leaf_hash
from tre.audit.models import Entry
from tre.audit.rows import hashed

call_command("migrate", "audit", "0002", verbosity=0)
tree = MerkleTree()
for number in range(1, 151):
    entry = Entry(number=number, at=timezone.now(), event="a.b", actor="ann", subject="c", previous=tree.root().hex())
    leaf = leaf_hash(hashed(entry))
    entry.leaf = leaf.hex()
    entry.save(force_insert=True)
    tree.append(leaf)
with connection.cursor() as cursor:
    cursor.execute("INSERT INTO audit_head VALUES (1, %s, %s)", [tree.size, tree.to_text()])
call_command("migrate", "audit", verbosity=0)
from tests.audit import every_proof
from tre.audit.checkpoints import write_checkpoint
from tre.audit.models import Subtree

assert list(Subtree.objects.order_by("end").values_list("end", flat=True)) == [64, 128]
write_checkpoint()
print(*every_proof())
"""


def test_a_log_of_before_is_proved_whole(tmp_path):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRE_")}
    told = {"TRE_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "tre.config.settings", "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, "-c", _BEFORE], cwd=REPOSITORY, env={**kept, **told}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "151 1\n"  # and the entry that checkpoints began


@pytest.mark.django_db
def test_the_indexes_are_those_that_a_search_needs_and_the_triggers_are_there():
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, "audit_entry").values()
    indexed = {tuple(each["columns"]) for each in found if each["index"] and not each["unique"]}
    assert indexed >= {("event", "number"), ("actor", "number"), ("subject", "number"), ("at",)}
    assert not indexed & {("event",), ("actor",), ("subject",)}
    check_triggers()
