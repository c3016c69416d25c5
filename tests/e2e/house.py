"""A small house for the browser to look at: everybody, and of each kind of thing what its page has most to tell of."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.db import transaction
from PIL import Image, ImageDraw

from tests.addresses import ROLE_OF
from tests.airlock import inspected, vote, work
from tests.catalogue import built, measured, submission
from tests.factories import ANSWERED, LATER, TODAY, agreed, as_seen_now, decided, person
from tests.imports import checked
from tests.security_key import SecurityKey
from tests.unit.test_extract_lives import DataPlane, provisioned
from tests.workspaces import opened_ago
from tre.airlock import drafts, submissions
from tre.airlock import jobs as airlock_jobs  # noqa: F401 - its work is known by being imported
from tre.airlock.assignments import declare_absence
from tre.airlock.drafts import Upload
from tre.airlock.models import Release, Request
from tre.airlock.registered.models import Alias, RegisteredModel
from tre.airlock.storage import storage
from tre.api import tokens
from tre.audit.checkpoints import write_checkpoint
from tre.catalogue import clerical
from tre.config.options import load
from tre.keys.custody import custody
from tre.people import invitations
from tre.people.models import Account, Ownership
from tre.people.services import enrol_totp
from tre.projects import applications, jobs
from tre.projects.models import Project
from tre.projects.services import create_project
from tre.runs.attested.models import Run, RunOutput
from tre.runs.attested.services import move
from tre.runs.attested.statement import Course, Subject, sign, statement
from tre.workspace.limits import Used
from tre.workspace.models import WorkspaceSession
from tre.workspace.services import open_workspace
from tre.workspace.usage import note_used

Things = dict[str, dict[str, Any]]  # by what it is: what fills the places of its address
CONTROLLER = "Staffordshire ICB"
PAIR = "00000000-0000-0000-0000-000000000001"
_ROWS = b"pseudonym,icd10,admitted\n" + b"".join(
    b"%026dA,I21.%d,2026-01-%02d\n" % (n * 7919**5 % 10**26, n % 10, n % 28 + 1) for n in range(60)
)
_TABLE = b"age_band,persons\n60 to 69,120\n70 to 79,340\n80 to 89,210\n90 and over,45\n"
_LEVELS = [
    {"label_for_charts": "Exact match", "m_probability": 0.8, "u_probability": 0.05},
    {"label_for_charts": "All other", "m_probability": 0.01, "u_probability": 0.9},
]
_MODEL = {"comparisons": [{"output_column_name": name, "comparison_levels": _LEVELS} for name in ("forename", "sex")]}
_AGREEMENT = {"number": "missing", "forename": "same", "surname": "close", "birth_date": "same", "postcode": "same"}
_EXPLAINED = {
    "weight": 2.25,
    "fields": {
        "number": {"one": "", "other": "", "bits": 0.0},
        "forename": {"one": "A•••a", "other": "A•••a", "bits": 9.25},
        "surname": {"one": "B•••n", "other": "B•••m", "bits": -4.5},
        "birth_date": {"one": "••••-••-12", "other": "••••-••-12", "bits": 5.5},
        "postcode": {"one": "ST4 •••", "other": "ST4 •••", "bits": 2.0},
    },
}
_TOLD = {
    "public_benefit": "Services can be planned where falls happen, and people stay at home for longer.",
    "technical_summary": "A cohort of people over 65, with counts by age, sex and year.",
    "organisation": "A university of the region", "applicants": "A. Archer and B. Baker", "funders": "A charity",
    "five_safes": {
        "projects": "A public benefit that a panel of the public was asked about.",
        "people": "Both are trained, and work at the university.",
        "data": "Birth year and sex, and codes of general practice.",
        "settings": "This environment alone.",
        "outputs": "Tables and charts of groups of ten or more.",
    },
}  # fmt: skip


def furnish(monkeypatch: pytest.MonkeyPatch) -> Things:
    """Make everybody and everything, as the product does, and return what fills the addresses."""
    leave()  # what a test without a database left
    for name, role in ROLE_OF.items():
        person(name, *filter(None, [role]))
    for checker in ("dan", "eve"):
        person(checker, "output_checker")
    Ownership.objects.create(account=Account.objects.get(username="iao"), controller=CONTROLLER)
    monkeypatch.setattr(clerical, "run_job", lambda name, spec: _EXPLAINED)
    _catalogue()
    study = _projects(monkeypatch)
    things = {**_invitations(), **_second_factors(), **_airlock(study), **_runs(study)}
    tokens.make(as_seen_now("ann"), "Nightly report", ["requests.read", "releases.take"], 168, study.code)
    write_checkpoint()
    return things


def _catalogue() -> None:
    for name, dataset in (("gp-may", "gp_events"), ("gp-june", "gp_events"), ("spine-june", "people")):
        submission(name, provider="north-practices", datasets=[dataset])
    fault = ("gp-june", "gp_events", "gp_events.csv", "snomed_code", "missing", 37)
    for number, share in enumerate((371, 380, 396)):
        measures = measured(*(["gp-june"] if number == 0 else []), dataset="gp_events", numerator=share)
        for field in ("snomed_code", "event_date"):
            told = {"dataset": "gp_events", "submission": "", "field": field, "dimension": "completeness"}
            measures.append({**told, "numerator": share, "denominator": 400})
        tables = [
            {"dataset": each, "version": number + 1, "rows": rows + 25 * number, "quarantined": 37, "first_year": 2018,
             "last_year": 2026}
            for each, rows in (("people", 20_140), ("gp_events", 181_215), ("small_area", 1_204), ("opt_outs", 310))
        ]  # fmt: skip
        build = built(measures, faults=[fault] if number == 0 else [], inputs=str(number), tables=tables)
    build.linkage = {
        "records": 61_204, "persons": 20_140, "merged": 12, "split": 3, "doubtful": 2, "precision": 0.9991,
        "recall": 0.9874, "f1": 0.9932, "wholly_right": 0.9761,
    }  # fmt: skip
    build.model = _MODEL
    build.shared = [
        {"one": "acute", "other": "acute", "persons": 8_402},
        {"one": "acute", "other": "practices", "persons": 7_987},
        {"one": "practices", "other": "practices", "persons": 20_000},
    ]
    build.save()
    pairs = [
        {"pair": pair, "probability": share, "numbers": "unknown", "agreement": _AGREEMENT}
        for pair, share in ((PAIR, 0.826), (str(UUID(int=2)), 0.61))
    ]
    clerical.write_doubtful(build, pairs)


def _draft(code: str, title: str) -> Project:
    events = agreed(dataset="gp_events", controller=CONTROLLER, columns=("event_date", "snomed_code"))
    return create_project(
        code=code, title=title, purpose="To learn what keeps people on their feet, so that services can be planned.",
        cohort="birth_year < 1961", starts=TODAY, ends=LATER, members=["ann", "bob"], agreements=[agreed(), events],
        actor="test", told={**ANSWERED, **_TOLD},
    )  # fmt: skip


def _projects(monkeypatch: pytest.MonkeyPatch) -> Project:
    """Make one project in each state; that which is approved has been worked in, and its newest extract is held."""
    study = decided(_draft("frailty", "Frailty and falls in later life"))
    _draft("stroke", "After a stroke")
    _draft("sepsis", "Sepsis in the community")
    applications.submit("sepsis", as_seen_now("ann"))
    applications.decide_dataset("sepsis", "people", True, "For one year.", as_seen_now("iao"))
    plane = DataPlane()
    monkeypatch.setattr(jobs, "run_job", plane)
    provisioned(as_seen_now("mia"))
    for name in ("ann", "bob"):
        open_workspace(name, study.code)
        session = WorkspaceSession.objects.get(account__username=name)
        opened_ago(session, hours=5)
        note_used(session, Used(9_000, 1_500_000_000), timedelta(0))
    plane.below = True
    provisioned(as_seen_now("mia"))
    return study


def _airlock(study: Project) -> Things:
    """Ask for releases: one in each state that a page has something of its own to show of."""
    blocked = inspected(study, ("admissions.csv", _ROWS), context="Admissions by cause.")
    waiting = inspected(
        study, ("falls_by_age.csv", _TABLE), ("falls.png", _chart()), context="Falls by age, and a chart."
    )
    vote(waiting, "dan", comment="Groups are large enough.")
    returned = inspected(study, ("falls_by_sex.csv", b"sex,persons\nfemale,402\nmale,313\n"), context="Falls.")
    for checker in ("cat", "dan"):
        vote(returned, checker, "return", "Say what is counted.")
    released = inspected(
        study, ("falls_by_year.csv", b"year,persons\n2024,331\n2025,384\n"), context="Falls by age and year."
    )
    for checker in ("cat", "dan"):
        vote(released, checker)
    work()
    model = {"name": "frailty-risk", "version": 1, "alias": "champion", "epsilon": 2.5}
    Release.objects.update(models_registered=[model])
    kept = RegisteredModel.objects.create(
        release=Release.objects.get(), name="frailty-risk", version=1, folder="frailty-risk"
    )
    Alias.objects.create(name=kept.name, alias="champion", version=1)
    assert Request.objects.get(pk=released.pk).state == "released"
    disputed = inspected(study, ("falls_by_ward.csv", b"ward,persons\nA,402\nB,313\n"), context="Falls by ward.")
    vote(disputed, "cat", comment="Wards are large.")
    vote(disputed, "dan", "return", "Is ward B one ward?")
    draft = drafts.draft(as_seen_now("ann"), study, "Falls at home, for the annual report.")
    _add(draft, "falls_at_home.csv", b"place,persons\nkitchen,120\nstairs,340\n")
    declare_absence(as_seen_now("cat"), LATER, LATER)
    made = {"blocked": blocked, "waiting": waiting, "returned": returned, "released": released, "disputed": disputed}
    first = {name: each.files.order_by("pk")[0].pk for name, each in {**made, "draft": draft}.items()}
    told = {name: {"number": each.pk, "file": first[name]} for name, each in {**made, "draft": draft}.items()}
    brought = checked(study, ("codes.csv", b"code,meaning\nW01,Fall on stairs\nW06,Fall from a bed\n"))
    held = {"import": {"number": brought.pk}, "model": {"number": kept.pk}}
    return {**told, **held, "second turn": _second_turn(study)}


def _runs(study: Project) -> Things:
    """Have runs carried out: one that is done, one that failed, and one that waits."""
    spec = {"query": "SELECT * FROM people", "rows": ["sex"]}
    extract = study.extracts.get(number=1)
    for state in ("done", "failed", "queued"):
        run = Run.objects.create(
            project=study, author=study.members.get(username="ann"), extract=extract, kind="aggregate", spec=spec,
            once=state,
        )  # fmt: skip
        if state != "queued":
            with transaction.atomic():
                move(run, "begin", "worker")
        if state == "done":
            _finished(run)
            done = run
        elif state == "failed":
            with transaction.atomic():
                move(run, "fail", "worker", error="The query may read only people and the agreed datasets (query).")
    return {"run": {"number": done.pk}}


def _finished(run: Run) -> None:
    kept = storage().freeze([b"sex,people\n1,402\n2,313\n"], 10**6)
    RunOutput.objects.create(run=run, name="table.csv", sha256=kept.sha256, size=kept.size)
    materials = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("code", "environment", "extract")}
    course = Course("aggregate", run.spec, {}, materials, run.subject(), "then", "now")
    signed = sign(statement(course, [Subject("table.csv", kept.sha256)]), custody().signing_key("attestation"))
    log = ["reading the query", "counting", "keeping who is counted", "freezing what it made"]
    with transaction.atomic():
        move(run, "finish", "worker", attestation=signed, log=log)


def _second_turn(study: Project) -> dict[str, Any]:
    """Send a request back, and submit its next version."""
    made = inspected(study, ("falls_by_sex.csv", b"sex,persons\nfemale,412\nmale,323\n"), context="Falls by sex.")
    for checker in ("cat", "dan"):
        vote(made, checker, "return", "Say of which year.")
    submissions.revise(made.pk, as_seen_now("ann"))
    _add(made, "falls_by_sex.csv", b"sex,persons in 2025\nfemale,412\nmale,323\nnot known,27\n", "Files")
    submissions.submit_draft(made.pk, as_seen_now("ann"), "The year is 2025, and one row was missing.")
    work()
    return {"number": made.pk, "file": made.files.get(turn=2).pk}


def _add(made: Request, name: str, content: bytes, group: str = "Tables") -> None:
    drafts.add_files(made.pk, as_seen_now("ann"), group, [Upload(name, [content])])


def _chart() -> bytes:
    drawn = Image.new("RGB", (480, 240), "white")
    pen = ImageDraw.Draw(drawn)
    for place, height in enumerate((70, 190, 120, 30)):
        pen.rectangle((40 + 110 * place, 220 - height, 110 + 110 * place, 220), fill="#005eb8")
    out = io.BytesIO()
    drawn.save(out, "PNG")
    return out.getvalue()


def _invitations() -> Things:
    _, link = invitations.invite_from_console("new@example.org", ["researcher"])
    operator = as_seen_now("ope")
    invitations.invite("another@example.org", ["output_checker"], (TODAY, LATER), operator)
    return {"invitation": {"token": link.rstrip("/").rpartition("/")[2]}}


def _second_factors() -> Things:
    """Give ann every kind of second factor, and eve none; and ann a link by which a password is set anew."""
    ann = Account.objects.get(username="ann")
    enrol_totp(ann)
    RecoveryCodes.activate(ann)
    asked = {"publicKey": {"rp": {"id": "localhost"}, "challenge": "AAAA"}}
    held = json.loads(SecurityKey().make(asked, load().portal))
    data = {"name": "Laptop", "passwordless": False, "credential": held}
    key = Authenticator.objects.create(user=ann, type=Authenticator.Type.WEBAUTHN, data=data)
    link = {"uidb36": user_pk_to_url_str(ann), "key": default_token_generator.make_token(ann)}
    return {"security key": {"pk": key.pk}, "password link": link}


def leave() -> None:
    """Take the house's folders away."""
    for place in (*map(load().path, ("airlock", "release", "projects", "homes")), load().checkpoints):
        shutil.rmtree(place, ignore_errors=True)
