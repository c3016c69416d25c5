"""What the Hub and the notebooks may ask of the portal, and who is refused."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.factories import TODAY, person, project
from tre.airlock.models import Request
from tre.audit.models import Entry
from tre.config.secrets import secret
from tre.people.models import Account
from tre.projects.models import Extract
from tre.workspace.models import WorkspaceSession

pytestmark = pytest.mark.django_db
HUB = {"headers": {"Authorization": f"Bearer {secret('hub-service')}"}}


@pytest.fixture
def study():
    for name in ("ann", "bob"):
        person(name, "researcher")
    made = project("frailty", "ann")
    Extract.objects.create(project=made, number=1, asked_by="test", ready=True, persons=10, manifest={"tables": []})
    return made


def ask(verb: str, **told: object):
    return Client().post(f"/api/hub/{verb}", json.dumps(told), content_type="application/json", **HUB)


def token(username: str = "ann", code: str = "frailty") -> str:
    answer = ask("open", username=username, project=code)
    assert answer.status_code == 200, answer.content
    return answer.json()["token"]


def as_workspace(held: str, path: str = "me"):
    return Client().get(f"/api/workspace/{path}", headers={"Authorization": f"Bearer {held}"})


def test_a_member_opens_and_the_token_tells_whose_it_is(study):
    told = as_workspace(token()).json()
    assert (told["username"], told["project"]) == ("ann", "frailty")
    assert Entry.objects.filter(event="workspace.opened", actor="ann").count() == 1


def test_only_the_hash_of_a_token_is_kept(study):
    held = token()
    assert held not in json.dumps(list(WorkspaceSession.objects.values("token_hash")))
    assert held not in json.dumps([entry.data for entry in Entry.objects.all()])


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer wrong", "Basic x", "bearer"])
def test_without_the_token_there_is_nothing(study, header):
    token()
    for path in ("me", "tables", "requests", "budget"):
        answer = Client().get(f"/api/workspace/{path}", headers={"Authorization": header})
        assert answer.status_code in {401, 403}
        assert "error" in answer.json()


def test_a_signed_in_browser_is_no_workspace(study):
    from tre.people.models import Account

    client = Client()
    client.force_login(Account.objects.get(username="ann"))
    assert client.get("/api/workspace/me").status_code in {302, 401, 403}
    assert client.post("/api/hub/open").status_code in {302, 401, 403}


@pytest.mark.parametrize(("username", "code"), [("bob", "frailty"), ("nobody", "frailty"), ("ann", "nowhere")])
def test_nobody_else_opens(study, username, code):
    answer = ask("open", username=username, project=code)
    assert answer.status_code in {400, 403, 404}
    assert not WorkspaceSession.objects.exists()


def test_training_that_has_run_out_closes_the_door(study):
    person("old", "researcher")
    project("asthma", "old")
    Account.objects.filter(username="old").update(training_expires=TODAY - timedelta(days=1))
    assert ask("open", username="old", project="asthma").status_code == 403


def test_opening_again_ends_the_one_before(study):
    first, second = token(), token()
    assert as_workspace(first).status_code in {401, 403}
    assert as_workspace(second).status_code == 200


def test_a_closed_workspace_asks_for_nothing(study):
    held = token()
    number = WorkspaceSession.objects.get(closed=None).pk
    assert ask("close", session=number).status_code == 200
    assert ask("close", session=number).status_code == 200
    assert as_workspace(held).status_code in {401, 403}
    assert Entry.objects.filter(event="workspace.closed").count() == 1


@pytest.mark.parametrize("body", ["", "[]", "{", '{"session": "1"}', "null"])
def test_what_is_no_question_gets_one_sentence(study, body):
    answer = Client().post("/api/hub/close", body, content_type="application/json", **HUB)
    assert answer.status_code == 403
    assert set(answer.json()) == {"error"}


def submit(held: str, files: list[tuple[str, bytes]], names: object = None, context: str = "Counts."):
    return Client().post(
        "/api/workspace/requests",
        {
            "context": context,
            "names": json.dumps([name for name, _ in files]) if names is None else names,
            "files": [SimpleUploadedFile(str(place), content) for place, (_, content) in enumerate(files)],
        },
        headers={"Authorization": f"Bearer {held}"},
    )


def test_a_notebook_submits_and_sees_its_own_alone(study):
    held = token()
    answer = submit(held, [("a.csv", b"group,n\nx,20\n")])
    assert answer.status_code == 201, answer.content
    assert [each["request"] for each in as_workspace(held, "requests").json()["requests"]] == [answer.json()["request"]]
    project("asthma", "bob")
    from tre.projects.models import Project

    other = Project.objects.get(code="asthma")
    Extract.objects.create(project=other, number=1, asked_by="test", ready=True, persons=1, manifest={"tables": []})
    assert as_workspace(token("bob", "asthma"), "requests").json()["requests"] == []


@pytest.mark.parametrize(
    ("files", "names"),
    [([("a.csv", b"x")], "[]"), ([("a.csv", b"x")], "not json"), ([("a.csv", b"x")], "[1]"), ([], None),
     ([("../../etc/passwd", b"x")], None), ([("a.csv", b"x"), ("A.csv", b"y")], None)],
)  # fmt: skip
def test_what_is_no_request_makes_none(study, files, names):
    answer = submit(token(), files, names)
    assert answer.status_code == 403
    assert "passwd" not in answer.json()["error"]
    assert not Request.objects.exists()


def spend(held: str, path: str, **told: object):
    return Client().post(
        f"/api/workspace/budget/{path}",
        json.dumps(told),
        content_type="application/json",
        headers={"Authorization": f"Bearer {held}"},
    )


def test_a_notebook_reserves_and_commits_and_gets_nothing_back(study):
    held = token()
    made = spend(held, "reserve", epsilon=2, delta=1e-6, purpose="A model", once="one")
    assert made.status_code == 201, made.content
    number = made.json()["spend"]
    assert spend(held, f"{number}/refund").status_code == 404
    assert spend(held, f"{number}/commit").json()["state"] == "committed"
    told = as_workspace(held, "budget").json()
    assert (told["spent_epsilon"], [each["state"] for each in told["spends"]]) == (2.0, ["committed"])
    worth = told["accuracy"]
    assert [each["epsilon"] for each in worth["choices"]][:3] == [0.1, 0.25, 0.5]
    assert all(len(each["figures"]) == len(worth["persons"]) for each in worth["choices"])
    assert worth["svg"].startswith("<svg")


@pytest.mark.parametrize("told", [{"epsilon": 2, "delta": 1e-6, "once": "\ud800"}, {"epsilon": 2, "delta": 1e-6}])
def test_a_spend_without_a_proper_name_gets_one_sentence(study, told):
    answer = spend(token(), "reserve", **told)
    assert answer.status_code == 403
    assert "label" in answer.json()["error"]


# A draft, from the workspace


def told_to(held: str, path: str, **told: object):
    return Client().post(
        f"/api/workspace/{path}", json.dumps(told), content_type="application/json",
        headers={"Authorization": f"Bearer {held}"},
    )  # fmt: skip


def add(held: str, number: int, *files: tuple[str, bytes], **form: str):
    return Client().post(
        f"/api/workspace/requests/{number}/files",
        {
            **form,
            "names": json.dumps([name for name, _ in files]),
            "files": [SimpleUploadedFile(str(place), content) for place, (_, content) in enumerate(files)],
        },
        headers={"Authorization": f"Bearer {held}"},
    )


def test_a_notebook_puts_a_draft_together_and_submits_it(study):
    held = token()
    made = told_to(held, "requests/draft", context="Falls.")
    assert made.status_code == 201
    number = made.json()["request"]
    assert add(held, number, ("a.csv", b"group,n\nx,20\n"), group="Tables").status_code == 200
    assert add(held, number, ("how.txt", b"How."), group="Tables", kind="supporting").status_code == 200
    assert add(held, number, ("more.txt", b"More.")).json()["groups"][-1]["name"] == "Files"
    assert told_to(held, f"requests/{number}/remove", name="more.txt").status_code == 200
    assert told_to(held, f"requests/{number}/submit", answer="").status_code == 403  # it lacks its context
    told_to(held, f"requests/{number}/group", name="Tables", context="Counts.", controls="Rounded.")
    done = told_to(held, f"requests/{number}/submit", answer="").json()
    assert (done["state"], done["turn"]) == ("submitted", 1)
    assert [(each["name"], each["kind"], each["group"]) for each in done["files"]] == [
        ("a.csv", "output", "Tables"), ("how.txt", "supporting", "Tables"),
    ]  # fmt: skip
    assert as_workspace(held, f"requests/{number}").json() == done
    assert told_to(held, f"requests/{number}/withdraw").json()["state"] == "withdrawn"


def test_what_came_back_is_revised_from_a_notebook(study):
    held = token()
    number = submit(held, [("a.csv", b"group,n\nx,20\n")]).json()["request"]
    Request.objects.filter(pk=number).update(state="returned")
    told = told_to(held, f"requests/{number}/revise").json()
    assert (told["state"], told["turn"], len(told["files"])) == ("draft", 2, 1)


@pytest.mark.parametrize("told", [{"context": 5}, {"context": " "}, {}, {"context": "x" * 5000}])
def test_a_draft_says_what_it_is_about(study, told):
    assert told_to(token(), "requests/draft", **told).status_code == 403
    assert not Request.objects.exists()


def test_a_draft_of_another_is_not_there(study):
    number = told_to(token(), "requests/draft", context="Falls.").json()["request"]
    project("asthma", "bob")
    from tre.projects.models import Project

    other = Project.objects.get(code="asthma")
    Extract.objects.create(project=other, number=1, asked_by="test", ready=True, persons=1, manifest={"tables": []})
    theirs = token("bob", "asthma")
    assert as_workspace(theirs, f"requests/{number}").status_code == 404
    assert add(theirs, number, ("a.csv", b"x")).status_code == 404
    for verb in ("group", "remove", "submit", "revise", "withdraw"):
        assert told_to(theirs, f"requests/{number}/{verb}").status_code == 404, verb
    assert add(token(), number, ("a.csv", b"x"), kind="nonsense").status_code == 403


def post(held: str, path: str, **told: object):
    headers = {"Authorization": f"Bearer {held}"}
    return Client().post(f"/api/workspace/{path}", json.dumps(told), content_type="application/json", headers=headers)


RUN = {"kind": "aggregate", "spec": {"query": "SELECT * FROM people", "rows": ["sex"]}, "once": "a"}


def test_a_run_is_asked_for_seen_cancelled_and_asked_for_again(study):
    held = token()
    made = post(held, "runs", **RUN)
    assert made.status_code == 201, made.content
    told = made.json()
    assert (told["state"], told["by"], told["files"]) == ("queued", "ann", [])
    assert post(held, "runs", **RUN).json()["run"] == told["run"]
    assert [each["run"] for each in as_workspace(held, "runs").json()["runs"]] == [told["run"]]
    seen = as_workspace(held, f"runs/{told['run']}").json()
    assert seen["spec"]["aggfunc"] == "people"
    assert post(held, f"runs/{told['run']}/cancel").json()["state"] == "cancelled"
    assert post(held, f"runs/{told['run']}/retry").json()["state"] == "queued"
    again = post(held, f"runs/{told['run']}/retry")
    assert again.status_code != 200
    assert "cannot retry" in again.json()["error"]
    assert as_workspace(held, f"runs/{told['run']}/files/1").status_code in {400, 403, 404, 409}


@pytest.mark.parametrize(
    "wrong", [{}, {"kind": "shell"}, {"kind": "aggregate", "spec": {"rows": ["sex"]}, "once": "a"}]
)
def test_a_run_that_is_not_whole_is_refused_in_one_sentence(study, wrong):
    answer = post(token(), "runs", **wrong)
    assert answer.status_code in {400, 403, 409}
    assert answer.json()["error"].count("\n") == 0


def test_another_projects_run_is_none(study):
    number = post(token(), "runs", **RUN).json()["run"]
    other = project("asthma", "bob")
    Extract.objects.create(project=other, number=1, asked_by="test", ready=True, persons=10, manifest={"tables": []})
    held = token("bob", "asthma")
    assert as_workspace(held, f"runs/{number}").status_code in {400, 403, 404, 409}
    assert post(held, f"runs/{number}/cancel").status_code in {400, 403, 404, 409}
    assert as_workspace(held, "runs").json() == {"runs": []}
