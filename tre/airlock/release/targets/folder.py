"""A folder of this machine: a release appears in it whole, under its own name, or not at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tre.airlock.release.bag import open_checked
from tre.airlock.release.targets.port import DeliveryFailed, Parcel, Receipt, in_the_way
from tre.airlock.storage import StorageBroken
from tre.config.targets import ReleaseTarget


class FolderTarget:
    """A folder that the settings name; it must be there."""

    def __init__(self, told: ReleaseTarget) -> None:
        self._folder = Path(told.address)

    def deliver(self, parcel: Parcel) -> Receipt:
        """Copy a release into the folder: see :class:`~.port.Target`."""
        if not self._folder.is_dir():
            raise DeliveryFailed("The folder is not there", where=str(self._folder), todo="Mount it, or make it")
        place = self._folder / parcel.identity
        try:
            self._check(parcel, place) if place.exists() else self._put(parcel, place)
        except OSError as error:
            raise DeliveryFailed(f"The folder did not take it: {error.strerror}", where=str(self._folder)) from None
        return Receipt(str(place))

    def _check(self, parcel: Parcel, place: Path) -> None:
        for file in parcel.files:
            try:
                open_checked(place, file).close()
            except StorageBroken:
                raise in_the_way(str(place)) from None

    def _put(self, parcel: Parcel, place: Path) -> None:
        staged = place.with_name(f".{place.name}.staged")
        shutil.rmtree(staged, ignore_errors=True)  # what a cut-off run left
        for file in parcel.files:
            (staged / file.name).parent.mkdir(parents=True, exist_ok=True)
            with open_checked(parcel.folder, file) as opened, (staged / file.name).open("wb") as out:
                shutil.copyfileobj(opened, out)
                out.flush()
                os.fsync(out.fileno())
        os.rename(staged, place)
