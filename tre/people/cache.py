"""The cache that sign-in counts in: one table for every process, from which a flood pushes nothing out.

allauth keeps in Django's cache how often somebody tried, and the codes that are good once. A cache in memory holds 300
entries for each process and drops living ones when it is full, so that a flood would forget whom it slows down.
Django's own database cache drops living ones too, and reads pickles: who can write its table could run code in the
portal. Here values are JSON, an entry goes when its time is over and never before, and keys are kept as hashes.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connection, transaction
from django.db.models import Q

from tre.people.models import CacheEntry

_SWEPT = 100  # entries whose time is over that one write takes away: more than it adds, so that the table stays small


class SharedCache(BaseCache):
    """Django's cache over :class:`tre.people.models.CacheEntry`; see Django's "Cache arguments" for the settings.

    Parameters
    ----------
    location : str
        Unused: the table is the model's.
    params : mapping
        Django's cache settings, such as ``TIMEOUT``.
    """

    def __init__(self, location: str, params: Mapping[str, Any]) -> None:
        super().__init__(dict(params))

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> bool:
        """Keep a value unless a living one is there; return whether it was kept."""
        name = self._name(key, version)
        # Who waits for allauth's lock asks ten times a second: what is only read keeps nobody from writing.
        if CacheEntry.objects.filter(key=name).exclude(_over()).exists():
            return False
        with transaction.atomic():
            CacheEntry.objects.filter(_over(), key=name).delete()
            _, made = CacheEntry.objects.get_or_create(key=name, defaults=self._row(value, timeout))
            _sweep()
        return made

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        """Return the living value, or the default."""
        values = (
            CacheEntry.objects.filter(key=self._name(key, version)).exclude(_over()).values_list("value", flat=True)
        )
        kept = values.first()
        return default if kept is None else json.loads(kept)

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> None:
        """Keep a value in place of what is there."""
        with transaction.atomic():
            CacheEntry.objects.update_or_create(key=self._name(key, version), defaults=self._row(value, timeout))
            _sweep()

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> bool:
        """Give a living value a new time; return whether there was one."""
        living = CacheEntry.objects.filter(key=self._name(key, version)).exclude(_over())
        return bool(living.update(expires=self._expires(timeout)))

    def delete(self, key: Any, version: Any = None) -> bool:
        """Take a value away; return whether there was one."""
        return bool(CacheEntry.objects.filter(key=self._name(key, version)).delete()[0])

    def clear(self) -> None:
        """Take everything away."""
        CacheEntry.objects.all().delete()

    def _name(self, key: Any, version: Any) -> str:
        return hashlib.sha256(self.make_key(key, version).encode()).hexdigest()

    def _row(self, value: Any, timeout: Any) -> dict[str, Any]:
        return {"value": json.dumps(value), "expires": self._expires(timeout)}

    def _expires(self, timeout: Any) -> datetime | None:
        until = self.get_backend_timeout(timeout)
        return None if until is None else datetime.fromtimestamp(until, UTC)


def _over() -> Q:
    return Q(expires__lte=datetime.fromtimestamp(time.time(), UTC))


def _sweep() -> None:
    skip = connection.features.has_select_for_update_skip_locked  # what another process sweeps is left to it
    over = CacheEntry.objects.filter(_over()).order_by("expires").select_for_update(skip_locked=skip)
    CacheEntry.objects.filter(pk__in=list(over.values_list("pk", flat=True)[:_SWEPT])).delete()
