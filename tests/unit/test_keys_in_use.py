"""After a rotation: the warehouse is built again under the new generation, and the airlock asks whole filters alone."""

from __future__ import annotations

import pytest

from tre.catalogue import jobs, services
from tre.catalogue.models import WarehouseBuild
from tre.keys import filters
from tre.keys.custody import FileKeystore

WAREHOUSE, FILTERS = "warehouse-pseudonym", "exact-match"


@pytest.fixture
def store(monkeypatch, tmp_path) -> FileKeystore:
    made = FileKeystore(tmp_path / "keys")
    for module in (jobs, services, filters):
        monkeypatch.setattr(module, "custody", lambda: made)
    monkeypatch.setattr(filters, "filters_folder", lambda generation: tmp_path / f"filters.{generation}")
    return made


@pytest.fixture
def asked(monkeypatch) -> list[tuple[dict, dict]]:
    calls: list[tuple[dict, dict]] = []

    def run_job(name: str, spec: dict, keys: dict | None = None, progress: object = None) -> dict:
        if keys is None:  # it asks what has landed
            return {"landed": []}
        calls.append((spec, keys))
        told = {"tables": [], "quarantine": [], "opted_out": 0, "filters": {}, "measures": [], "faults": []}
        return {**told, "linkage": None, "model": None, "shared": [], "doubtful": []}

    monkeypatch.setattr(jobs, "run_job", run_job)
    return calls


@pytest.mark.django_db
def test_a_rotation_builds_the_warehouse_again_with_the_earlier_generations_at_hand(store, asked):
    first = store.derive(WAREHOUSE)
    for _ in range(2):
        jobs.build({"by": "data-manager"})
    store.rotate(WAREHOUSE)
    for _ in range(2):
        jobs.build({"by": "data-manager"})
    store.rotate(WAREHOUSE)
    jobs.build({"by": "data-manager"})
    assert [spec["generation"] for spec, _ in asked] == [1, 2, 3]
    assert WarehouseBuild.objects.count() == 3
    assert [set(keys) - {FILTERS} for _, keys in asked] == [
        {WAREHOUSE}, {WAREHOUSE, f"{WAREHOUSE}.1"}, {WAREHOUSE, f"{WAREHOUSE}.1", f"{WAREHOUSE}.2"},
    ]  # fmt: skip
    assert asked[0][1][WAREHOUSE] == asked[2][1][f"{WAREHOUSE}.1"] == first
    assert len({keys[WAREHOUSE] for _, keys in asked}) == 3


def test_the_airlock_asks_the_newest_filters_that_are_there_under_their_own_key(store, tmp_path):
    assert filters.newest_filters() is None
    (tmp_path / "filters.1").mkdir()
    first = store.derive(FILTERS)
    assert filters.newest_filters() == (tmp_path / "filters.1", first)
    store.rotate(FILTERS)
    assert filters.newest_filters() == (tmp_path / "filters.1", first)  # until the next build
    (tmp_path / "filters.2").mkdir()
    assert filters.newest_filters() == (tmp_path / "filters.2", store.derive(FILTERS))
    assert store.derive(FILTERS) != first
