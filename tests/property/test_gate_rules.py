"""The gate's rules, whatever a browser or a server sends: nothing leads out of the server's own path."""

from __future__ import annotations

import posixpath
from urllib.parse import quote, unquote

from hypothesis import assume, example, given
from hypothesis import strategies as st

from tre.workspace.gate_rules import Asked, back, below, refused, refused_answer, refused_body

BASE, ORIGIN = "/user/ann/frailty/", "http://ann.hub.localhost:8401"
PIECES = st.sampled_from(
    ["..", ".", "", "a", "files", "api", "%2e%2e", "%2f", "%252e%252e", "\\", "user", "bob", "lab", "\x00"]
)
PATHS = st.lists(PIECES, max_size=8).map(lambda parts: BASE + "/".join(parts))


@given(PATHS)
@example(BASE + "%2e%2e/%2e%2e/bob/asthma/lab")
@example(BASE + "lab/%252e%252e/files/x")
def test_what_is_below_stays_below_however_often_it_is_decoded(path):
    rest = below(path, BASE)
    plain = path
    for _ in range(5):
        if rest is not None:
            assert posixpath.normpath(plain).startswith(BASE.rstrip("/"))
            assert ".." not in plain.split("/")
        plain = unquote(plain)


@given(PATHS, st.sampled_from(["GET", "POST", "PUT"]))
def test_a_file_is_read_by_no_spelling(path, method):
    if refused(Asked(method, path, ""), BASE) is None:
        plain = posixpath.normpath(unquote(unquote(path)))
        assert not plain.startswith((f"{BASE}files", f"{BASE}nbconvert"))


@given(st.text(max_size=40), st.sampled_from(["http:", "https:", "//", "", "javascript:", "/", BASE]))
def test_a_redirect_stays_below(text, start):
    target = (start + text).encode("utf-8", "ignore").decode("latin-1")
    told = back([(b"Location", target.encode("latin-1"))], ORIGIN, BASE, "lab", upgrade=False)
    if told is not None:
        where = dict(told)[b"Location"].decode("latin-1")
        assert where.startswith("/user/ann/frailty")
        assert not where.startswith("//")


@given(st.text(alphabet="abc .é%&?#+", min_size=1, max_size=12))
def test_a_notebook_of_any_name_is_read(name):
    assume(name.strip(". ") and name == posixpath.normpath(name) and "%" not in name)
    path = f"{BASE}api/contents/{quote(name)}.ipynb"
    assert refused(Asked("GET", path, "type=notebook&content=1"), BASE) is None
    assert refused(Asked("GET", path, "type=file&format=text&content=1"), BASE) is not None


@given(st.lists(st.tuples(st.sampled_from([b"Content-Type", b"content-disposition"]), st.binary(max_size=30))))
def test_what_reaches_a_browser_is_of_one_kind_that_it_shows(headers):
    if refused_answer(200, headers, "lab") is None:
        told = back(headers, ORIGIN, BASE, "lab", upgrade=False)
        assert told is not None
        kinds = [value for name, value in told if name.lower() == b"content-type"]
        assert len(kinds) == 1
        assert kinds[0].strip().lower().startswith((b"text/", b"image/", b"application/j"))
        assert (b"Cache-Control", b"no-store") in told


@given(st.binary(max_size=200))
def test_a_body_of_any_bytes_is_judged(body):
    refused_body(body)
