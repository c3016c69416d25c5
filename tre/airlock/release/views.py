"""The pages of releases: which there are, what one holds and for how long it may be taken, and the taking."""

from __future__ import annotations

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST, require_safe

from tre.airlock.release import downloads, taking
from tre.airlock.release.sending import sent
from tre.people.services import principal
from tre.people.step_up import step_up
from tre.policy.decision import decide


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """Show the releases that the person may see, newest first."""
    releases = [
        (each, downloads.shuts(each), downloads.is_open(each), downloads.times_taken(each))
        for each in taking.visible(principal(request))
    ]
    return render(request, "release/list.html", {"releases": releases})


@require_safe
def one(request: HttpRequest, number: int) -> HttpResponse:
    """Show one release: its files, when it shuts, and how often it was taken."""
    person = principal(request)
    release = taking.release_of(number, person)
    found, is_open = release.request, downloads.is_open(release)
    resource = found.resource()
    context = {
        "release": release,
        "airlock_request": found,
        "files": found.leaving(),
        "until": downloads.shuts(release),
        "is_open": is_open,
        "taken": downloads.times_taken(release),
        "deliveries": release.deliveries.all(),
        "may_set_target": decide(person, "set_release_target", found.project.resource()).allowed,
        "has_crate": taking.crate_sha256(release) != "",
        "may_take": is_open and decide(person, "download_output", resource).allowed,
        "may_open": not is_open and decide(person, "open_downloads", resource).allowed,
    }
    return render(request, "release/one.html", context)


@require_POST
@step_up
def open_again_page(request: HttpRequest, number: int) -> HttpResponse:
    """Open a release for download again."""
    person = principal(request)
    until = downloads.open_again(taking.release_of(number, person, "open_downloads"), person)
    messages.success(request, f"It may be downloaded until {timezone.localtime(until):%-d %B %Y}.")
    return redirect("release", number=number)


@require_GET
def download(request: HttpRequest, number: int, file: int) -> FileResponse:
    """Send one released file to whoever asked for it."""
    return sent(taking.take_file(number, file, principal(request)))


@require_GET
def archive(request: HttpRequest, number: int) -> FileResponse:
    """Send a whole release with its crate as one archive."""
    return sent(taking.take_archive(number, principal(request)))
