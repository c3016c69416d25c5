"""The command line over the API: signing in, requests as tables and JSON, downloads, and what goes wrong."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.test import Client

from tests.airlock import SAFE, inspected, open_study, placed, vote, work
from tests.api import token_of
from tests.codes import code
from tests.factories import as_seen_now, person
from tre.airlock import drafts
from tre.airlock.drafts import Upload
from tre.airlock.models import Request
from tre.api.domain import new_token
from tre.cli import main
from tre.config.options import REPOSITORY
from tre.errors import NotAllowed
from tre.people.models import Account
from tre.people.services import enrol_totp
from tre.projects.models import Extract
from tre.remote import calls, keeping
from tre.remote.keeping import Login
from tre.runs.attested.models import Run

pytestmark = pytest.mark.django_db
ADDRESS = "http://localhost:8000"


def portal(request: httpx.Request) -> httpx.Response:
    """Answer as the portal does, without a network."""
    kept = {name: value for name, value in request.headers.items() if name in {"authorization", "one-time-code"}}
    answer = Client().generic(
        request.method, request.url.raw_path.decode(), request.read(), headers=kept,
        content_type=request.headers.get("content-type", ""),
    )  # fmt: skip
    return httpx.Response(answer.status_code, headers=dict(answer.headers.items()), content=answer.getvalue())


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    """Keep a login in a folder of its own, and lead every call to the portal of this process."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.chdir(tmp_path)
    client = httpx.Client
    monkeypatch.setattr("httpx.Client", lambda **told: client(**{**told, "transport": httpx.MockTransport(portal)}))


@pytest.fixture
def study():
    return open_study()


def sign_in(monkeypatch: pytest.MonkeyPatch, token: str, address: str = ADDRESS) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{token}\n"))
    return main(["login", address])


def test_whoever_signs_in_is_named_and_the_token_is_kept_from_others(study, monkeypatch, capsys):
    token = token_of("ann")
    assert sign_in(monkeypatch, token) == 0
    assert "signed in as ann until" in capsys.readouterr().out
    path = keeping.place()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert keeping.kept() == Login(ADDRESS, token)
    assert token not in repr(keeping.kept())
    assert main(["logout"]) == 0
    assert not path.exists()
    assert main(["requests", "list"]) == 3
    assert "You are not signed in" in capsys.readouterr().err


def test_a_token_that_opens_nothing_is_not_kept(monkeypatch, capsys):
    token = new_token()
    assert sign_in(monkeypatch, token) == 3
    told = capsys.readouterr()
    assert "The token opens nothing" in told.err
    assert token not in told.err + told.out
    assert not keeping.place().exists()


@pytest.mark.parametrize(
    "address", ["http://tre.example.org", "ftp://localhost", "localhost", "https://a:b@tre.example"]
)
def test_a_token_is_sent_to_no_such_address(monkeypatch, address, capsys):
    assert sign_in(monkeypatch, new_token(), address) == 3
    assert capsys.readouterr().err


def test_a_login_that_others_could_read_or_that_is_damaged_is_not_used(study, monkeypatch, capsys):
    sign_in(monkeypatch, token_of("ann"))
    keeping.place().chmod(0o644)
    assert main(["requests", "list"]) == 3
    keeping.place().chmod(0o600)
    keeping.place().write_text("{}")
    assert main(["requests", "list"]) == 3
    assert "damaged" in capsys.readouterr().err


def test_requests_are_listed_and_shown_as_tables_and_as_json(study, monkeypatch, capsys):
    made = inspected(study)
    sign_in(monkeypatch, token_of("ann"))
    capsys.readouterr()
    assert main(["requests", "list"]) == 0
    table = capsys.readouterr().out
    assert "frailty" in table
    assert "in_review" in table
    assert main(["requests", "list", "--json"]) == 0
    assert [each["number"] for each in json.loads(capsys.readouterr().out)["items"]] == [made.pk]
    assert main(["requests", "show", str(made.pk)]) == 0
    assert "output" in capsys.readouterr().out
    assert main(["requests", "show", "999"]) == 3
    assert "no such request" in capsys.readouterr().err


def test_the_queue_is_a_checkers(study, monkeypatch, capsys):
    made = inspected(study)
    sign_in(monkeypatch, token_of("cat"))
    capsys.readouterr()
    assert main(["requests", "queue", "--json"]) == 0
    assert [each["number"] for each in json.loads(capsys.readouterr().out)["items"]] == [made.pk]
    assert main(["requests", "queue"]) == 0
    monkeypatch.setattr("tre.airlock.queue.WAITING", 1)
    newer = placed(study, "ann", "in_review").request
    pages = []
    for page in ("1", "2"):
        capsys.readouterr()
        assert main(["requests", "queue", "--json", "--page", page]) == 0
        pages.append(json.loads(capsys.readouterr().out))
    assert [each["more"] for each in pages] == [True, False]
    assert {each["number"] for told in pages for each in told["items"]} == {made.pk, newer.pk}


def test_a_draft_is_submitted_and_withdrawn(study, monkeypatch, capsys):
    ann = as_seen_now("ann")
    made = drafts.draft(ann, study, "Counts.")
    drafts.add_files(made.pk, ann, "Tables", [Upload("table.csv", [SAFE])])
    sign_in(monkeypatch, token_of("ann"))
    assert main(["requests", "submit", str(made.pk)]) == 3
    assert "of group 1" in capsys.readouterr().err
    drafts.describe_group(made.pk, ann, "Tables", "Counts.", "Rounded.")
    assert main(["requests", "submit", str(made.pk)]) == 0
    assert Request.objects.get().state == "submitted"
    assert main(["requests", "withdraw", str(made.pk)]) == 0
    assert "withdrawn" in capsys.readouterr().out


def test_what_was_released_is_fetched_whole_once_and_never_over_another(study, monkeypatch, capsys, tmp_path):
    made = inspected(study)
    for checker in ("cat", "dan"):
        vote(made, checker)
    work()
    sign_in(monkeypatch, token_of("ann"))
    assert main(["requests", "download", str(made.pk), "--out", "taken"]) == 0
    (found,) = (tmp_path / "taken").iterdir()
    assert found.read_bytes()[:2] == b"PK"
    assert main(["requests", "download", str(made.pk), "--out", "taken"]) == 3
    assert "such a file already" in capsys.readouterr().err


def test_any_address_is_called_and_a_code_is_sent_where_it_is_asked_for(study, monkeypatch, capsys):
    made = inspected(study)
    sign_in(monkeypatch, token_of("cat"))
    capsys.readouterr()
    assert main(["api", "GET", "/me"]) == 0
    assert json.loads(capsys.readouterr().out)["username"] == "cat"
    assert main(["api", "POST", f"/requests/{made.pk}/review", "--body", "{}"]) == 3
    assert "second factor" in capsys.readouterr().err
    assert main(["api", "POST", f"/requests/{made.pk}/review", "--body", "{}", "--code", "000000"]) == 3
    assert "not right" in capsys.readouterr().err
    for wrong in (["api", "GET", "me"], ["api", "POST", "/requests", "--body", "{"]):
        assert main(wrong) == 3
    monkeypatch.setattr("sys.stdin", io.StringIO('{"votes": 1}'))
    assert main(["api", "POST", f"/requests/{made.pk}/comments", "--body", "-"]) == 3
    assert "text: Field required" in capsys.readouterr().err


def test_people_are_listed_found_and_shown(study, monkeypatch, capsys):
    person("ope", "operator")
    sign_in(monkeypatch, token_of("ope"))
    capsys.readouterr()
    assert main(["people", "list"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in ("ann", "cat", "ope", "output_checker"))
    assert main(["people", "list", "--find", "ann", "--json"]) == 0
    assert [each["username"] for each in json.loads(capsys.readouterr().out)["items"]] == ["ann"]
    assert main(["people", "show", "ann"]) == 0
    assert "ann@example.org" in capsys.readouterr().out
    assert main(["people", "show", "../me"]) == 3
    assert "no such" in capsys.readouterr().err
    sign_in(monkeypatch, token_of("ann"))
    assert main(["people", "list"]) == 3
    assert "may not manage people" in capsys.readouterr().err


def test_runs_are_listed_shown_cancelled_and_asked_for_again(study, monkeypatch, capsys):
    extract = Extract.objects.create(project=study, number=1, asked_by="mia", ready=True, manifest={"tables": []})
    author = Account.objects.get(username="ann")
    run = Run.objects.create(
        project=study, author=author, extract=extract, kind="aggregate", spec={}, once="x", log=["[red]Counted.[/red]"]
    )
    sign_in(monkeypatch, token_of("ann"))
    capsys.readouterr()
    assert main(["runs", "list", "frailty"]) == 0
    assert "queued" in capsys.readouterr().out
    assert main(["runs", "cancel", str(run.pk)]) == 0
    assert "cancelled" in capsys.readouterr().out
    enrol_totp(author)
    assert main(["runs", "retry", str(run.pk), "--json", "--code", code(author)]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "queued"
    Run.objects.update(log=["[red]Counted.[/red]"])
    assert main(["runs", "show", str(run.pk)]) == 0
    assert "[red]Counted.[/red]" in capsys.readouterr().out


def test_a_token_can_be_revoked_when_it_is_forgotten(study, monkeypatch, capsys):
    token = token_of("ann")
    sign_in(monkeypatch, token)
    assert main(["logout", "--revoke"]) == 0
    assert "opens nothing" in capsys.readouterr().out
    assert not keeping.place().exists()
    with pytest.raises(NotAllowed, match="opens nothing"):
        calls.Portal(Login(ADDRESS, token)).call("GET", "/me")
    assert main(["logout", "--revoke"]) == 3


def _answer(**told: Any) -> calls.Portal:
    transport = httpx.MockTransport(lambda request: httpx.Response(**told))
    return calls.Portal(Login(ADDRESS, "tre_pat_x"), transport=transport)


@pytest.mark.parametrize(
    "told",
    [
        {"status_code": 302, "headers": {"Location": "https://elsewhere.example/"}},
        {"status_code": 200, "text": "<html>"},
        {"status_code": 500, "text": "<html>"},
        {"status_code": 403, "json": []},
        {"status_code": 403, "json": {"detail": 1}},
        {"status_code": 200, "content": b'{"a": "\xff"}'},
    ],
)
def test_what_is_no_portal_is_one_sentence(told, monkeypatch):
    monkeypatch.undo()
    with pytest.raises(calls.NotReached):
        _answer(**told).call("GET", "/me")


def test_a_portal_that_is_not_there_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.undo()

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no", request=request)

    gone = calls.Portal(Login(ADDRESS, "tre_pat_x"), transport=httpx.MockTransport(refuse))
    with pytest.raises(calls.NotReached, match="does not answer"):
        gone.call("GET", "/me")
    with pytest.raises(calls.NotReached):
        gone.fetch("/releases/1/archive", tmp_path / "a.zip")
    assert list(tmp_path.iterdir()) == []


def test_a_release_that_names_itself_a_path_is_not_written(study, monkeypatch, tmp_path, capsys):
    sign_in(monkeypatch, token_of("ann"))
    monkeypatch.setattr(calls.Portal, "call", lambda *told, **more: {"identity": "../../evil"})
    assert main(["requests", "download", "1"]) == 1
    assert not (tmp_path.parent / "evil.zip").exists()


def test_what_another_wrote_steers_no_terminal(study, monkeypatch, capsys):
    sign_in(monkeypatch, token_of("ann"))
    row = {"number": 1, "project": "[red]frailty[/red]", "author": "\x1b[2Jann", "state": "draft", "turn": 1, "risk": 0}
    monkeypatch.setattr(calls.Portal, "call", lambda *told, **more: {"items": [row], "more": False, "page": 1})
    assert main(["requests", "list"]) == 0
    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert "[red]" in told


def test_it_needs_no_django():
    program = "import sys; import tre.cli, tre.remote.verbs; tre.cli.parser(); assert 'django' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(REPOSITORY))


def test_nobody_signs_in_who_is_nobody(monkeypatch):
    person("ann", "researcher")
    assert sign_in(monkeypatch, "not a token!") == 3
