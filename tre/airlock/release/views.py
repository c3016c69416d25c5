"""The pages of releases: which there are, what one holds and for how long it may be taken, and the taking."""

from __future__ import annotations

import tempfile

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST, require_safe

from tre.airlock.crate import METADATA_FILE
from tre.airlock.models import Release, Request
from tre.airlock.release import downloads
from tre.airlock.release.bag import Payload, open_checked, write_bag
from tre.config.options import load
from tre.errors import Refused
from tre.people.services import principal
from tre.people.step_up import step_up
from tre.policy.decision import decide, require

# Even if a file's content were taken for a page, it could run nothing, load nothing and belong to no origin.
_INERT = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_DOWNLOAD = "application/x-download"


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """Show the releases that the person may see, newest first."""
    person = principal(request)
    everything = Release.objects.select_related("request__project", "request__author").order_by("-pk")
    releases = [
        (each, downloads.shuts(each), downloads.is_open(each), downloads.times_taken(each))
        for each in everything
        if decide(person, "view_release", each.request.resource()).allowed
    ]
    return render(request, "release/list.html", {"releases": releases})


@require_safe
def one(request: HttpRequest, number: int) -> HttpResponse:
    """Show one release: its files, when it shuts, and how often it was taken."""
    found, person = _asked_for(request, number, "view_release"), principal(request)
    release = _release(found)
    resource, is_open = found.resource(), downloads.is_open(release)
    context = {
        "release": release,
        "airlock_request": found,
        "files": found.leaving(),
        "until": downloads.shuts(release),
        "is_open": is_open,
        "taken": downloads.times_taken(release),
        "deliveries": release.deliveries.all(),
        "may_set_target": decide(person, "set_release_target", found.project.resource()).allowed,
        "has_crate": _crate_sha256(release) != "",
        "may_take": is_open and decide(person, "download_output", resource).allowed,
        "may_open": not is_open and decide(person, "open_downloads", resource).allowed,
    }
    return render(request, "release/one.html", context)


@require_POST
@step_up
def open_again_page(request: HttpRequest, number: int) -> HttpResponse:
    """Open a release for download again."""
    found = _asked_for(request, number, "open_downloads")
    until = downloads.open_again(_release(found), principal(request))
    messages.success(request, f"It may be downloaded until {timezone.localtime(until):%-d %B %Y}.")
    return redirect("release", number=number)


@require_GET
def download(request: HttpRequest, number: int, file: int) -> FileResponse:
    """Send one released file to whoever asked for it, from the release, never from the airlock's storage."""
    found = _asked_for(request, number, "download_output")
    release, wanted = _release(found), next((each for each in found.leaving() if each.pk == file), None)
    if wanted is None:
        raise Http404
    sent = open_checked(load().path("release", release.identity), Payload(wanted.name, wanted.sha256))
    downloads.write_taken(release, "file", wanted.sha256, principal(request))
    name = wanted.name.rpartition("/")[2]
    return _inert(FileResponse(sent, as_attachment=True, filename=name, content_type=_DOWNLOAD))


@require_GET
def archive(request: HttpRequest, number: int) -> FileResponse:
    """Send a whole release with its crate as one archive, which is named and marked by the release's identity."""
    found = _asked_for(request, number, "download_output")
    release = _release(found)
    downloads.check_open(release)
    crate = _crate_sha256(release)
    if not crate:
        raise Refused("This release was made before there were crates", todo="Download its files one by one")
    payload = [Payload(METADATA_FILE, crate), *(Payload(each.name, each.sha256) for each in found.leaving())]
    made = tempfile.TemporaryFile(dir=load().path("release"))  # noqa: SIM115 - the response closes it
    write_bag(load().path("release", release.identity), payload, release.identity, release.at, made)
    made.seek(0)
    downloads.write_taken(release, "archive", crate, principal(request))
    name = f"{release.identity}.zip"
    sent = _inert(FileResponse(made, as_attachment=True, filename=name, content_type="application/zip"))
    sent.headers["Link"] = '<https://w3id.org/ro/crate>; rel="profile"'  # as the profile's "Media type" asks
    return sent


def _asked_for(request: HttpRequest, number: int, act: str) -> Request:
    """Return a request about whose release the person may do this act."""
    found = Request.objects.select_related("project", "author").filter(pk=number).first()
    if found is None:
        raise Http404
    require(principal(request), act, found.resource())
    return found


def _release(found: Request) -> Release:
    release = Release.objects.filter(request=found).first()
    if release is None:
        raise Http404
    return release


def _crate_sha256(release: Release) -> str:
    area = downloads.area_of(release)
    return area.crate_sha256 if area else ""


def _inert(response: FileResponse) -> FileResponse:
    response.headers["Content-Security-Policy"] = _INERT
    response.headers["Cache-Control"] = "no-store"
    return response
