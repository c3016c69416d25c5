"""Imports: asking to bring files into a project, and reviewing what others ask for."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Router
from ninja.files import UploadedFile

from tre.airlock.drafts import Upload
from tre.airlock.imports import services
from tre.airlock.openings import openings
from tre.airlock.pictures import opening_picture, sent_picture
from tre.api.auth import acts, asks_again, person_of
from tre.api.document import a_file
from tre.api.located import made_at
from tre.api.told.common import Number, Page, PageNumber, cut
from tre.api.told.imports import ImportAsked, ImportReviewed, ImportRow, ImportTold
from tre.api.told.requests import ContentTold
from tre.errors import Missing
from tre.policy.decision import require
from tre.projects.services import get

router = Router(tags=["Imports"])


@router.get("/imports", response=Page[ImportRow])
@acts("view_import")
def listed(request: HttpRequest, page: PageNumber = 1) -> Page[ImportRow]:
    """List the imports that the caller may see, newest first."""
    found, more = cut(services.visible(person_of(request)), page)
    return Page[ImportRow](items=[ImportRow.of(each) for each in found], page=page, more=more)


@router.get("/imports/{int:number}", response=ImportTold)
@acts("view_import")
def one(request: HttpRequest, number: Number) -> ImportTold:
    """Show one import with what the checks told."""
    return _now(request, number)


@router.get("/imports/{int:number}/files/{int:file}/contents", response=ContentTold)
@acts("view_import")
def contents(request: HttpRequest, number: Number, file: Number) -> ContentTold:
    """Show the first part of a file that came through the checks, as the import's page does."""
    found = services.file_to_show(number, file, person_of(request))
    shown = openings([(found.sha256, found.name)]).get(found.sha256)
    if shown is None:
        raise Missing("The file could not be read in time", where=f"import {number}", todo="Ask again in a moment")
    return ContentTold.of(shown)


@router.get("/imports/{int:number}/files/{int:file}/drawing", openapi_extra=a_file("image/png"))
@acts("view_import")
def drawing(request: HttpRequest, number: Number, file: Number) -> HttpResponse:
    """Send a picture of a file's first part, drawn anew."""
    found = services.file_to_show(number, file, person_of(request))
    picture = opening_picture(found.sha256, found.name)
    if picture is None:
        raise Missing("The file has no picture", where=f"import {number}")
    return sent_picture(picture)


@router.post("/projects/{slug:code}/imports", response={201: ImportTold})
@made_at("/imports/{made[number]}")
@acts("ask_import")
def ask(request: HttpRequest, code: str, told: Form[ImportAsked], files: File[list[UploadedFile]]) -> ImportTold:
    """Ask to bring files into a project. The same files with the same words, sent again, are the same import."""
    person, project = person_of(request), get(code)
    require(person, "ask_import", project.resource())
    uploads = [Upload(each.name or "", each.chunks()) for each in files]
    made = services.submit(person, project, told.licence, told.provenance, uploads)
    return ImportTold.seen(made, person)


@router.post("/imports/{int:number}/review", response=ImportTold)
@acts("review_import")
@asks_again
def review(request: HttpRequest, number: Number, told: ImportReviewed) -> ImportTold:
    """Hand in a review of an import."""
    shown = {each.file: each.sha256 for each in told.files}
    services.review(number, person_of(request), told.choice, told.comment, shown)
    return _now(request, number)


@router.post("/imports/{int:number}/withdraw", response=ImportTold)
@acts("withdraw_import")
def withdraw(request: HttpRequest, number: Number) -> ImportTold:
    """Withdraw one's own import."""
    services.withdraw(number, person_of(request))
    return _now(request, number)


def _now(request: HttpRequest, number: int) -> ImportTold:
    person = person_of(request)
    return ImportTold.seen(services.import_of(number, person), person)
