"""Processes that share the verification of a long log. Nothing here loads Django before a process has set it up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path


def verified_by(processes: int, database: str, folder: Path, stretches: Iterable[list[int]]) -> Iterator[object]:
    """Yield what :func:`tre.audit.verification.verify_stretch` finds in each stretch, in order.

    Parameters
    ----------
    database : str
        The name of the database that this process is connected to. Each of them needs a connection of its own, which
        those that are forked would share.
    """
    with ProcessPoolExecutor(processes, get_context("spawn"), _begin, (database,)) as pool:
        waiting = [pool.submit(_verify, folder, stretch) for stretch in stretches]
        try:
            for each in waiting:
                yield each.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _begin(database: str) -> None:
    import django
    from django.conf import settings

    django.setup()
    settings.DATABASES["default"]["NAME"] = database


def _verify(folder: Path, stretch: list[int]) -> object:
    from tre.audit.verification import verify_stretch

    return verify_stretch(folder, stretch)
