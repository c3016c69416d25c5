"""Taking what was released: who may, what they take, and that it is written down; one way for page and program."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from tre.airlock.crate import METADATA_FILE
from tre.airlock.models import Release
from tre.airlock.release import downloads
from tre.airlock.release.bag import Payload, open_checked, write_bag
from tre.airlock.seeing import request_of
from tre.config.options import load
from tre.errors import Missing, Refused
from tre.policy.decision import decide
from tre.policy.domain import Principal

DOWNLOAD = "application/x-download"
CRATE_LINK = '<https://w3id.org/ro/crate>; rel="profile"'  # as the profile's "Media type" asks


@dataclass(frozen=True)
class Taken:
    """What is taken, open to be sent: the name and the type that it is sent under, and what it links to."""

    content: IO[bytes]
    name: str
    type: str
    link: str = ""


def visible(person: Principal) -> list[Release]:
    """Return the releases that a person may see, newest first."""
    everything = Release.objects.select_related("request__project", "request__author").order_by("-pk")
    return [each for each in everything if decide(person, "view_release", each.request.resource()).allowed]


def release_of(number: int, person: Principal, act: str = "view_release") -> Release:
    """Return the release of a request about which a person may do an act.

    Raises
    ------
    Missing
        When there is no such request, or nothing was released of it.
    NotAllowed
        When they may not.
    """
    found = request_of(number, person, act)
    release = Release.objects.filter(request=found).first()
    if release is None:
        raise Missing("Nothing was released", where=f"request {number}")
    release.request = found
    return release


def crate_sha256(release: Release) -> str:
    """Return the hash of a release's crate; empty for one of before there were crates."""
    area = downloads.area_of(release)
    return area.crate_sha256 if area else ""


def take_file(number: int, file: int, actor: Principal) -> Taken:
    """Take one released file, from the release, never from the airlock's storage.

    Raises
    ------
    Missing
        When there is no such file among what was released.
    Refused
        When the person may not, or the time to take it is over.
    """
    release = release_of(number, actor, "download_output")
    wanted = next((each for each in release.request.leaving() if each.pk == file), None)
    if wanted is None:
        raise Missing("The release holds no such file", where=release.identity)
    content = open_checked(load().path("release", release.identity), Payload(wanted.name, wanted.sha256))
    downloads.write_taken(release, "file", wanted.sha256, actor)
    return Taken(content, marked(wanted.name, release.identity), DOWNLOAD)


def marked(name: str, identity: str) -> str:
    """Return the name that one file of a release is taken under: its own with the release's, before the ending."""
    path = PurePosixPath(name)
    return f"{path.stem}.{identity}{path.suffix}"


def take_archive(number: int, actor: Principal) -> Taken:
    """Take a whole release with its crate as one archive, which is named and marked by the release's identity.

    Raises
    ------
    Missing
        When nothing was released.
    Refused
        When the person may not, the time to take it is over, or it is of before there were crates.
    """
    release = release_of(number, actor, "download_output")
    downloads.check_open(release)
    crate = crate_sha256(release)
    if not crate:
        raise Refused("This release was made before there were crates", todo="Download its files one by one")
    leaving = release.request.leaving()
    payload = [Payload(METADATA_FILE, crate), *(Payload(each.name, each.sha256) for each in leaving)]
    made = tempfile.TemporaryFile(dir=load().path("release"))  # noqa: SIM115 - the response closes it
    write_bag(load().path("release", release.identity), payload, release.identity, release.at, made)
    made.seek(0)
    downloads.write_taken(release, "archive", crate, actor)
    return Taken(made, f"{release.identity}.zip", "application/zip", CRATE_LINK)
