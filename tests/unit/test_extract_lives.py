"""An extract's life: made, held for its risk, accepted, stale, expired, destroyed with a certificate, reproduced."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.factories import LATER, TODAY, person, project
from tests.unit.test_pages import browser
from tre import cli
from tre.audit.models import Entry
from tre.audit.services import verify
from tre.catalogue.models import DatasetVersion, WarehouseBuild
from tre.config.options import load
from tre.errors import Refused, SettingsError
from tre.projects import domain, jobs, lifecycle
from tre.projects.models import Agreement, Extract, Project
from tre.projects.policy import risk_policy
from tre.projects.services import ask_for_extract, create_project, current_extract
from tre.projects.specification import specification
from tre.runs.models import Job
from tre.workspace.models import WorkspaceSession
from tre.workspace.services import open_workspace

pytestmark = pytest.mark.django_db
PINNED = ("versions", "opt_outs", "generation", "tables")
YESTERDAY = TODAY - timedelta(days=1)
REPORT = {
    "table": "people", "quasi": ["birth_year", "sex"], "k": 1, "groups": 40, "persons": 1234, "unique": "under 10",
    "unique_share": None, "sizes": {"1": "under 10", "50 or more": 1228}, "l": {"ethnicity": 2},
    "riskiest": [{"columns": ["birth_year"], "k": 1, "persons": "under 10"}],
}  # fmt: skip


class DataPlane:
    """Stands in for the data plane: writes an extract's folder and tells what the true one tells."""

    def __init__(self) -> None:
        self.below, self.requests, self.content = False, [], b"rows"

    def __call__(self, name: str, request: dict, keys: dict, progress=None) -> dict:
        from hashlib import sha256

        assert name == "provision"
        assert set(keys) == {"project-pseudonym"}
        self.requests.append(request)
        out = Path(request["out"])
        (out / "people").mkdir(parents=True)
        (out / "people" / "part-00000.parquet").write_bytes(self.content)
        file = {"name": "part-00000.parquet", "rows": 9, "bytes": 4, "sha256": sha256(self.content).hexdigest()}
        table = {"name": "people", "rows": 9, "files": [file], "source_version": 3, "contract": "1.0.0", "columns": []}
        changes = {"since": 1, "tables": [{"table": "people", "rows_added": 1234, "rows_removed": "under 10",
                   "persons_added": 0, "persons_removed": None, "persons_changed": 12, "columns_added": ["sex"],
                   "columns_removed": []}]}  # fmt: skip
        names = ("cohort", "versions", "opt_outs", "generation", "sampling", "risk", "tables")
        manifest = {
            "project": request["project"], "extract": request["extract"], "persons": 9, "tables": [table],
            "risk": {"floor": request["risk"]["floor"], "below": self.below, "tables": [REPORT]},
            "changes": changes if request["previous"] else None, "code": "c0de",
            "opt_outs": {name: request["opt_outs"][name] for name in ("version", "national")},
            "specification": {each: request[each] for each in names},
        }  # fmt: skip
        (out / "manifest.json").write_text(json.dumps(manifest))
        return manifest


@pytest.fixture
def plane(monkeypatch) -> DataPlane:
    made = DataPlane()
    monkeypatch.setattr(jobs, "run_job", made)
    return made


@pytest.fixture
def study(plane):
    person("ann", "researcher")
    build = WarehouseBuild.objects.create(by="test", inputs="i")
    for name in ("people", "small_area", "opt_outs"):
        DatasetVersion.objects.create(dataset=name, version=3, rows=9, build=build)
    return project("frailty", "ann")


@pytest.fixture
def mia(study):
    return person("mia", "data_manager")


@pytest.fixture
def ida(study):
    return person("ida", "information_asset_owner")


def provisioned(who) -> Extract:
    extract = ask_for_extract("frailty", who)
    jobs.provision({"extract": extract.pk})
    extract.refresh_from_db()
    return extract


def folder(number: int = 1) -> Path:
    return load().path("projects", "frailty", "extracts", str(number))


def destroyed(extract: Extract) -> Extract:
    for job in Job.objects.filter(kind="projects.destroy", payload__extract=extract.pk):
        jobs.destroy(job.payload)
    extract.refresh_from_db()
    return extract


def test_what_is_asked_of_the_data_plane_is_the_approved_project(study, plane, mia):
    Agreement.objects.filter(project=study).update(generalise={"sex": {"to": "area", "column": "w"}}, linkage="none")
    Project.objects.filter(pk=study.pk).update(sample_fraction="0.25", sample_seed=4, floor=12, cohort="sex = '1'")
    study.refresh_from_db()
    told = specification(study)
    assert told == {
        "cohort": "sex = '1'",
        "versions": {"people": 3, "small_area": 3},
        "opt_outs": {"version": 3, "people": 3, "day": TODAY.isoformat(), "national": True},
        "generation": 1,
        "sampling": {"fraction": "0.2500", "seed": 4},
        "risk": {"floor": 12, "columns": 8, "combinations": 40},
        "tables": [{"dataset": "people", "version": 3, "columns": ["birth_year", "sex"], "from": None, "to": None,
                    "linkage": "none", "generalise": {"sex": {"to": "area", "column": "w"}}}],
    }  # fmt: skip
    DatasetVersion.objects.filter(dataset="people").delete()
    with pytest.raises(Refused, match="holds no such dataset"):
        specification(study)


def test_a_project_may_ask_for_a_higher_floor_and_never_for_a_lower_one(tmp_path):
    policy = risk_policy()
    assert [policy.for_project(floor)["floor"] for floor in (None, 1, 50)] == [policy.floor, policy.floor, 50]
    for text in ("risk: {floor: 0, columns: 8, combinations: 4}", "risk: {floor: 5}", "risk: [", "{}", "risk: 5"):
        (tmp_path / f"{len(text)}.yaml").write_text(text)
        with pytest.raises(SettingsError, match="provisioning policy"):
            risk_policy(tmp_path / f"{len(text)}.yaml")


def test_an_extract_over_the_risk_opens_only_when_its_owner_accepts(study, plane, mia, ida):
    plane.below = True
    extract = provisioned(mia)
    assert (extract.state, current_extract(study)) == ("waiting for acceptance", None)
    with pytest.raises(Refused, match="not ready"):
        open_workspace("ann", "frailty")
    with pytest.raises(Refused, match="no rule permits"):
        lifecycle.accept_risk("frailty", 1, "It is needed.", mia)
    with pytest.raises(Refused, match="lacks a reason"):
        lifecycle.accept_risk("frailty", 1, " ", ida)
    lifecycle.accept_risk("frailty", 1, " It is needed. ", ida)
    assert current_extract(study) == extract
    entry = Entry.objects.get(event="projects.risk_accepted")
    assert entry.actor == "ida"
    assert entry.data == {"extract": 1, "why": "It is needed.", "floor": 5, "k": {"people": 1}}
    with pytest.raises(Refused, match="extract is in use"):
        lifecycle.accept_risk("frailty", 1, "Again.", ida)


def test_nobody_accepts_the_risk_of_what_they_asked_for(study, plane, ida):
    plane.below = True
    provisioned(ida)
    with pytest.raises(Refused, match="asked for this extract yourself"):
        lifecycle.accept_risk("frailty", 1, "It is needed.", ida)
    assert current_extract(study) is None


def test_an_older_extract_stays_in_use_while_a_newer_one_waits(study, plane, mia):
    first = provisioned(mia)
    plane.below = True
    second = provisioned(mia)
    assert (second.state, current_extract(study)) == ("waiting for acceptance", first)
    assert [each["previous"] for each in plane.requests] == [None, str(folder(1))]


@pytest.mark.parametrize(
    "over",
    [
        lambda study: Extract.objects.update(expires=YESTERDAY),
        lambda study: Project.objects.update(ends=YESTERDAY),
        lambda study: Agreement.objects.update(ends=YESTERDAY),
    ],
)
def test_an_extract_is_over_with_itself_its_project_or_an_agreement(study, plane, mia, over):
    extract = provisioned(mia)
    job = Job.objects.get(kind="projects.expire")
    assert (job.due.date(), extract.expires) == (LATER + timedelta(days=1), LATER)
    jobs.expire(job.payload)
    assert current_extract(study) == extract
    over(study)
    fresh = Extract.objects.get(pk=extract.pk)
    assert (fresh.state, current_extract(fresh.project)) == ("expired", None)
    with pytest.raises(Refused):
        open_workspace("ann", "frailty")
    jobs.expire(job.payload)
    assert destroyed(extract).state == "destroyed"
    assert not folder().exists()
    assert lifecycle.verify_certificate(extract.certificate)["why"] == "Its last day has passed."


def test_a_destroyed_extract_is_gone_and_its_certificate_says_what_when_why_and_who(study, plane, mia):
    extract = provisioned(mia)
    folder().with_name(".1.staged").mkdir()
    open_workspace("ann", "frailty")
    lifecycle.ask_for_destruction("frailty", 1, " The study is over. ", mia)
    assert current_extract(study) is None
    assert not WorkspaceSession.objects.filter(closed=None).exists()
    assert destroyed(extract).state == "destroyed"
    assert list(folder().parent.iterdir()) == []
    stated = lifecycle.verify_certificate(extract.certificate)
    assert (stated["project"], stated["extract"], stated["asked_by"]) == ("frailty", 1, "mia")
    assert stated["why"] == "The study is over."
    assert stated["destroyed"] == extract.destroyed.isoformat()
    assert stated["tables"][0]["files"] == extract.manifest["tables"][0]["files"]
    assert Entry.objects.get(event="projects.destroyed").data == extract.certificate
    verify()
    before = Entry.objects.count()
    jobs.destroy({"extract": extract.pk})
    assert Entry.objects.count() == before
    with pytest.raises(Refused, match="extract is destroyed"):
        lifecycle.ask_for_destruction("frailty", 1, "Again.", mia)


def test_nothing_is_certified_while_the_bytes_are_there(study, plane, mia, monkeypatch):
    extract = provisioned(mia)
    lifecycle.ask_for_destruction("frailty", 1, "Over.", mia)
    monkeypatch.setattr("shutil.rmtree", lambda path: None)
    with pytest.raises(OSError, match="still there"):
        jobs.destroy({"extract": extract.pk})
    extract.refresh_from_db()
    assert (extract.state, extract.certificate) == ("being destroyed", {})
    monkeypatch.undo()
    jobs.destroy({"extract": extract.pk})
    assert not folder().exists()


def test_nothing_is_destroyed_that_nobody_asked_for_or_without_a_reason(study, plane, mia):
    extract = provisioned(mia)
    with pytest.raises(Refused, match="Nobody asked"):
        jobs.destroy({"extract": extract.pk})
    with pytest.raises(Refused, match="lacks a reason"):
        lifecycle.ask_for_destruction("frailty", 1, "", mia)
    with pytest.raises(Refused, match="never ones own project"):
        lifecycle.ask_for_destruction("frailty", 1, "Mine.", person("ann", "researcher"))
    assert folder().exists()


@pytest.mark.parametrize("part", ["body", "signature"])
def test_an_altered_certificate_is_seen(part):
    certificate = lifecycle.sign({"project": "frailty", "extract": 1})
    assert lifecycle.verify_certificate(certificate) == {"project": "frailty", "extract": 1}
    altered = certificate | {part: certificate[part].replace("1", "2")}
    with pytest.raises(Refused, match="signature is wrong"):
        lifecycle.verify_certificate(altered if altered != certificate else certificate | {part: "00"})


def test_an_extract_is_reproduced_or_said_not_to_be(study, plane, mia, capsys, monkeypatch):
    monkeypatch.setattr(cli, "_django", lambda: None)
    provisioned(mia)
    assert cli.main(["reproduce", "frailty", "1"]) == 0
    assert "is reproduced: 1 files, made by the same code" in capsys.readouterr().out
    again = plane.requests[-1]
    assert {name: again[name] for name in PINNED} == {name: plane.requests[0][name] for name in PINNED}
    assert not Path(again["out"]).parent.exists()
    plane.content = b"other rows"
    assert cli.main(["reproduce", "frailty", "1"]) == 1
    assert "1 of 1 files differ" in capsys.readouterr().out
    told = Entry.objects.filter(event="projects.reproduced").order_by("number")
    assert [entry.data["differing"] for entry in told] == [[], ["people/part-00000.parquet"]]
    for arguments, sentence in ((["frailty", "2"], "no such extract"), (["frailty", "x"], "whole number")):
        assert cli.main(["reproduce", *arguments]) == 3
        assert sentence in capsys.readouterr().err
    Extract.objects.update(manifest={"tables": []})
    assert cli.main(["reproduce", "frailty", "1"]) == 3


def test_the_pages_tell_of_an_extract_and_take_decisions(study, plane, mia, ida):
    provisioned(mia)
    plane.below = True
    provisioned(mia)
    DatasetVersion.objects.create(dataset="people", version=4, rows=9, build=WarehouseBuild.objects.get())
    page = browser("mia").get("/projects/frailty/").content.decode()
    assert "Waiting for acceptance" in page
    address = "/projects/frailty/extracts/2/"
    page = browser("ida").get(address).content.decode()
    for text in ("waits for acceptance", "under 10", "birth_year: k 1", "1,234", "since extract 1", "newer version of"):
        assert text in page, text
    assert browser("ida").post(f"{address}accept", {"reason": ""}).status_code == 400
    assert "Enter a reason" in browser("ida").post(f"{address}accept", {"reason": " "}).content.decode()
    assert browser("mia").post(f"{address}accept", {"reason": "x"}).status_code == 403
    assert browser("ida").post(f"{address}accept", {"reason": "It is needed."}).status_code == 302
    assert current_extract(study).number == 2
    assert browser("mia").get(f"{address}certificate").status_code == 403
    for who in ("ann", "ida", "mia"):
        assert browser(who).get(address).status_code == 200
    assert browser("ann").post(f"{address}destroy", {"reason": "x"}).status_code == 403
    assert browser("mia").post(f"{address}destroy", {"reason": ""}).status_code == 400
    assert browser("mia").post(f"{address}destroy", {"reason": "Over."}).status_code == 302
    assert current_extract(study).number == 1
    destroyed(Extract.objects.get(number=2))
    person("aud", "auditor")
    for who, status in (("mia", 200), ("aud", 200), ("ida", 200), ("ann", 403)):
        answer = browser(who).get(f"{address}certificate")
        assert answer.status_code == status
        if status == 200:
            assert lifecycle.verify_certificate(answer.json())["why"] == "Over."
    assert "Download the certificate" in browser("mia").get(address).content.decode()
    assert browser("aud").get(address).status_code == 403


def test_the_states_are_told_apart():
    def state(**changes: object) -> str:
        plain = {"ready": True, "held": False, "ends": TODAY, "ending": False, "destroyed": False}
        return domain.Life(**{**plain, **changes}).state(TODAY)

    told = [
        state(ready=False), state(held=True), state(), state(ends=YESTERDAY, held=True), state(ending=True),
        state(ending=True, destroyed=True),
    ]  # fmt: skip
    assert told == list(domain.STATES)


def test_the_last_day_is_the_first_to_come():
    days = [date(2026, 1, n) for n in (1, 2, 3)]
    assert domain.last_day(None, days[1], []) == days[1]
    assert domain.last_day(days[2], days[1], [days[0]]) == days[0]
    assert domain.last_day(days[0], days[1], [days[2]]) == days[0]


def test_what_is_newer_and_what_differs():
    assert domain.newer({"a": 1, "b": 2, "c": 3}, {"a": 2, "b": 2}) == ("a",)
    assert domain.differing({"a": "1", "b": "2", "c": "3"}, {"a": "1", "b": "x", "d": "4"}) == ("b", "c", "d")


def test_a_project_is_made_with_a_sample_and_a_floor(study):
    told = {"code": "s", "title": "S", "purpose": "P", "cohort": "", "starts": TODAY, "ends": LATER}
    made = create_project(
        **{**told, "code": "stroke"}, members=[], agreements=[], actor="t", sample=("0.1", 7), floor=9
    )
    made.refresh_from_db()
    assert (str(made.sample_fraction), made.sample_seed, made.floor) == ("0.1000", 7, 9)
    for fraction in ("0", "1.5"):
        with pytest.raises(Refused, match="sample fraction"):
            create_project(**{**told, "code": "stroke2"}, members=[], agreements=[], actor="t", sample=(fraction, 1))
