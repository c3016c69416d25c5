"""Releases: which there are, and taking them, counted and for a time as on their page."""

from __future__ import annotations

from django.http import FileResponse, HttpRequest
from ninja import Router

from tre.airlock.release import downloads, taking
from tre.airlock.release.sending import sent
from tre.api.auth import acts, asks_again, person_of
from tre.api.document import a_file
from tre.api.told.common import Number, Page, PageNumber, cut
from tre.api.told.releases import ReleaseRow, ReleaseTold

router = Router(tags=["Releases"])


@router.get("/releases", response=Page[ReleaseRow])
@acts("view_release")
def listed(request: HttpRequest, page: PageNumber = 1) -> Page[ReleaseRow]:
    """List the releases that the caller may see, newest first."""
    found, more = cut(taking.visible(person_of(request)), page)
    return Page[ReleaseRow](items=[ReleaseRow.of(each) for each in found], page=page, more=more)


@router.get("/releases/{int:number}", response=ReleaseTold)
@acts("view_release")
def one(request: HttpRequest, number: Number) -> ReleaseTold:
    """Show the release of a request, with its files."""
    person = person_of(request)
    return ReleaseTold.seen(taking.release_of(number, person), person)


@router.get("/releases/{int:number}/files/{int:file}", openapi_extra=a_file(taking.DOWNLOAD))
@acts("download_output")
def download(request: HttpRequest, number: Number, file: Number) -> FileResponse:
    """Take one released file. Each taking is written down."""
    return sent(taking.take_file(number, file, person_of(request)))


@router.get("/releases/{int:number}/archive", openapi_extra=a_file("application/zip"))
@acts("download_output")
def archive(request: HttpRequest, number: Number) -> FileResponse:
    """Take a whole release with its crate. Each taking is written down."""
    return sent(taking.take_archive(number, person_of(request)))


@router.post("/releases/{int:number}/open", response=ReleaseTold)
@acts("open_downloads")
@asks_again
def open_again(request: HttpRequest, number: Number) -> ReleaseTold:
    """Open a release for download again."""
    person = person_of(request)
    release = taking.release_of(number, person, "open_downloads")
    downloads.open_again(release, person)
    return ReleaseTold.seen(release, person)
