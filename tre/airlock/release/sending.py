"""What is taken, as an answer: one that no browser shows and no cache keeps."""

from __future__ import annotations

from django.http import FileResponse

from tre.airlock.release.taking import Taken

# Even if a file's content were taken for a page, it could run nothing, load nothing and belong to no origin.
_INERT = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def sent(taken: Taken) -> FileResponse:
    """Return the answer that sends it."""
    response = FileResponse(taken.content, as_attachment=True, filename=taken.name, content_type=taken.type)
    response.headers["Content-Security-Policy"] = _INERT
    response.headers["Cache-Control"] = "no-store"
    if taken.link:
        response.headers["Link"] = taken.link
    return response
