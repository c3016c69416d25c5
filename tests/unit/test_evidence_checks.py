"""What evidence looks at: in an installation that is in order each statement is met; broken, its check says so."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings as django_settings
from django.db import DatabaseError
from django.utils import timezone

from tests import insider
from tests.airlock import inspected, vote, work
from tests.catalogue import submission
from tests.evidence import HELD, VERDICTS, found, in_order, installation, last_session, passes
from tests.factories import person, project
from tests.unit.test_at_rest import Machine, luks
from tre.airlock import jobs as airlock_jobs  # noqa: F401 - its work is known by being imported
from tre.airlock.domain import TRANSITIONS, Place
from tre.airlock.models import AttackReport, FileVote, Release, RequestFile, Review
from tre.airlock.policy import airlock_policy
from tre.audit.services import record
from tre.catalogue.contracts import datasets
from tre.catalogue.models import DatasetVersion
from tre.catalogue.services import write_streamed
from tre.config.options import load
from tre.contracts import ContractError
from tre.disclosure import Finding
from tre.disclosure.policy import load_policy
from tre.errors import Refused
from tre.evidence.checks import CHECKS, data, outputs, security, software, studies, workspaces
from tre.evidence.domain import not_shown
from tre.evidence.installation import Installation
from tre.evidence.looking import look
from tre.evidence.software import Package
from tre.evidence.statements import specification
from tre.people.models import Account, Role
from tre.policy import decision
from tre.privacy.models import Ledger
from tre.projects import lifecycle
from tre.projects.models import Agreement, Closure, Extract, OwnerDecision, Project
from tre.runs.models import Job
from tre.workspace.models import Usage

pytestmark = pytest.mark.django_db
# In the house that is in order these cannot be met: it is a demonstration, without encryption, and nothing has left it.
NOT_MET = {"2.1.01", "2.8.01"}
NOT_SHOWN = {"1.4.04", "2.8.02", "3.1.10", "3.2.05", "3.3.09"}


@pytest.fixture
def house(tmp_path, monkeypatch) -> Project:
    monkeypatch.setattr(data, "inspect", passes)
    return in_order(tmp_path, monkeypatch)


def outcome(number: str, here: Installation | None = None) -> str:
    return found(number, here).outcome


def test_an_installation_in_order_is_told_as_it_is(house):
    seen = {number: found(number) for number in CHECKS}
    wanted = {
        number: "not met" if number in NOT_MET else "not shown" if number in NOT_SHOWN else "met" for number in seen
    }
    assert {number: each.outcome for number, each in seen.items()} == wanted, seen
    for number, each in seen.items():
        assert re.match(r"[A-Z0-9]", each.detail), number
        assert not each.detail.endswith("."), number


def broken(number: str, words: str, here: Installation | None = None) -> None:
    """Assert that a check is red, and says why."""
    seen = found(number, here)
    assert seen.outcome == "not met", seen.detail
    assert words in seen.detail


class TestPeople:
    def test_an_account_without_a_second_factor(self, house):
        Authenticator.objects.filter(user__username="mia").delete()
        broken("3.2.04", "1 of 8 accounts have no second factor")

    def test_a_portal_that_does_not_ask_for_one(self, house, settings):
        broken("3.2.04", "does not demand a second factor", installation(require_mfa=False))
        settings.MIDDLEWARE = [each for each in django_settings.MIDDLEWARE if "RequireSecondFactor" not in each]
        broken("3.2.04", "does not demand a second factor")

    def test_recovery_codes_alone_are_no_second_factor(self, house):
        Authenticator.objects.filter(user__username="mia").update(type="recovery_codes")
        broken("3.2.04", "1 of 8 accounts")

    def test_a_role_that_the_log_does_not_tell_of(self, house):
        Role.objects.create(account=Account.objects.get(username="cat"), name="data_manager")
        broken("1.5.06", "1 accounts have other roles than the audit log tells")

    def test_roles_that_nobody_may_hold_together(self, house):
        Role.objects.create(account=Account.objects.get(username="cat"), name="researcher")
        broken("1.5.06", "hold roles that nobody may hold together")

    def test_a_name_or_an_address_of_two(self, house):
        Account.objects.filter(username="dan").update(email="CAT@example.org")
        broken("1.5.06", "1 e-mail addresses belong to two accounts")
        Account.objects.filter(username="dan").update(username="Cat")
        broken("1.5.06", "1 names belong to two accounts")

    def test_an_account_whose_address_is_not_verified(self, house):
        EmailAddress.objects.filter(user__username="dan").update(verified=False)
        broken("1.5.01", "1 accounts have no verified e-mail address")

    def test_an_account_that_nobody_is_told_to_have_made(self, house):
        Account.objects.create(username="ghost", email="ghost@example.org")
        broken("1.5.01", "tells of no making of 1 accounts")

    def test_accounts_of_the_demonstration(self, house):
        Account.objects.filter(username="dan").update(demonstration=True)
        broken("1.5.01", "the demonstration's, whose passwords are shown")

    def test_a_portal_where_everybody_signs_up(self, house, monkeypatch):
        monkeypatch.setattr("tre.people.adapters.AccountAdapter.is_open_for_signup", lambda self, request: True)
        broken("1.5.01", "whoever comes can sign up")

    def test_training_that_was_renewed_past_the_log(self, house):
        entry = {"accredited": "2020-01-01", "expires": "2021-01-01"}
        record("people.training_recorded", actor="ope", subject="account:cat", data=entry)
        broken("1.6.04", "1 accounts have other training than the audit log tells")

    def test_a_policy_that_lets_the_untrained_work(self, house, policies_without):
        policies_without("principal.training_current")
        broken("1.6.04", "A researcher without current training may open a workspace")

    def test_a_member_whose_training_has_lapsed_is_let_in_by_nobody(self, house):
        Account.objects.filter(username="zebedee").update(training_expires=timezone.localdate() - timedelta(days=1))
        assert "1 are of people without current training" in found("1.6.04").detail
        assert outcome("1.6.04") == "met"

    def test_one_checker_alone(self, house):
        Account.objects.filter(username="dan").update(training_expires=None)
        broken("3.3.05", "1 people can check outputs today, and 2 must")

    def test_nobody_to_support_or_to_audit(self, house):
        Account.objects.filter(username__in=["ope", "aud"]).update(is_active=False)
        broken("4.6.01", "nobody holds the operator's role")
        broken("2.5.03", "nobody holds the auditor's role")

    @pytest.mark.parametrize(
        ("name", "value", "words"),
        [
            ("SESSION_COOKIE_AGE", 10**6, "lasts longer than a working day"),
            ("SESSION_COOKIE_HTTPONLY", False, "a page's script can read the session"),
            ("AUTH_PASSWORD_VALIDATORS", [], "passwords may have 0 characters"),
            ("ACCOUNT_RATE_LIMITS", {}, "tried without end"),
        ],
    )
    def test_a_sign_in_that_is_looser(self, house, settings, name, value, words):
        setattr(settings, name, value)
        broken("1.5.05", words)

    def test_another_provider(self, house):
        assert outcome("3.2.05", installation(oidc_issuer="https://login.example")) == "met"


@pytest.fixture
def policies_without(monkeypatch):
    """Put other policies in force: those that there are, less some text or with some more."""
    text, schema = decision.policies()

    def put(less: str = "", more: str = "") -> None:
        changed = text.replace(f"{less} && ", "").replace(f" && {less}", "") if less else text
        monkeypatch.setattr(decision, "policies", lambda: (changed + more, schema))
        decision._names.cache_clear()

    yield put
    monkeypatch.undo()
    decision._names.cache_clear()


class TestPolicies:
    def test_its_questions_are_nobody_s_in_the_log_of_decisions(self, house, caplog):
        caplog.clear()
        for number in ("1.5.03", "1.6.04", "3.1.06", "3.2.03"):
            found(number)
        said = [each.getMessage() for each in caplog.records if each.name == "tre.policy"]
        assert said
        assert all(re.match(r"(allowed|denied) (the evidence|a case) ", each) for each in said)

    def test_a_policy_that_lets_an_author_review(self, house, monkeypatch):
        text, schema = decision.policies()
        changed = text.replace("resource.author == principal || principal.projects.contains(resource.project)", "false")
        assert changed != text
        monkeypatch.setattr(decision, "policies", lambda: (changed, schema))
        for number in ("1.5.03", "3.1.05", "3.1.06", "3.1.07"):
            seen = found(number)
            assert seen.outcome == "not met", number
        broken("3.1.06", "an author may review request")

    def test_a_policy_that_gives_strangers_something(self, house, policies_without):
        policies_without(more='@id("loose") permit (principal, action == Action::"read_audit", resource);')
        broken("1.5.03", "an account without a role may read_audit")

    def test_a_policy_that_lets_somebody_release(self, house, policies_without):
        policies_without(more='@id("loose") permit (principal, action == Action::"release_output", resource);')
        broken("3.1.06", "a person may release output")

    def test_a_policy_that_forgets_the_second_factor(self, house, policies_without):
        policies_without("principal.second_factor")
        broken("1.5.03", "a sign-in without a second factor may")

    def test_a_policy_that_lets_everybody_into_every_project(self, house, policies_without):
        policies_without("principal.projects.contains(resource.code)")
        broken("3.2.03", "somebody who is no member may work there")

    def test_a_table_of_states_that_leads_past_the_reviews(self, house, monkeypatch):
        monkeypatch.setitem(TRANSITIONS, (Place("inspecting"), "release"), Place("released"))
        broken("3.1.05", "the table of states leads to a release without an approval")

    def test_a_class_in_force_that_needs_no_checker(self, house, monkeypatch):
        held = airlock_policy()
        classes = tuple(replace(each, in_force=not each.checkers) for each in held.classes)
        monkeypatch.setattr("tre.evidence.checks.rules.airlock_policy", lambda: replace(held, classes=classes))
        broken("3.1.05", "needs no checker: attested-outputs")

    def test_one_checker_who_decides_alone(self, house, monkeypatch):
        monkeypatch.setattr("tre.evidence.checks.rules.outcome", lambda choices: "approve")
        broken("3.1.05", "one checker alone can approve")


class TestSecurity:
    def test_an_altered_entry(self, house):
        insider.as_an_insider("UPDATE audit_entry SET actor = 'nobody' WHERE number = 3")
        for number in ("2.5.03", "1.2.09"):
            broken(number, "not what was written")

    def test_a_log_without_its_triggers(self, house):
        with insider.without_triggers():
            broken("2.5.03", "no longer refuses to change the log")

    def test_a_job_that_was_given_up(self, house):
        Job.objects.create(kind="projects.provision", once="x", state="failed", due=timezone.now(), error="No disk.")
        broken("1.2.09", "1 jobs were given up and wait for somebody: projects.provision")

    def test_a_key_that_others_can_read(self, house):
        path = load().path("secrets", "django")
        path.chmod(0o644)
        try:
            broken("2.8.05", "secrets/django can be read by others")
        finally:
            path.chmod(0o600)

    def test_storage_that_is_encrypted(self, house, tmp_path):
        machine = Machine(tmp_path / "machine")
        luks(machine)
        machine.asked()
        here = Installation(load().model_copy(update={"home": machine.home}), machine.kernel)
        assert security.at_rest(here).detail.startswith("The home folder is encrypted by dm-crypt")
        assert outcome("2.8.01", here) == "met"

    def test_storage_that_is_not(self, house):
        broken("2.8.01", "Nothing is known to encrypt the home folder")

    def production(self, **more: str) -> Installation:
        told = {"mode": "production", "portal_url": "https://localhost:1", "hub_url": "https://hub.localhost:1"}
        return installation(**{**told, **more})

    def test_a_portal_that_does_not_answer_over_tls(self, house):
        broken("2.8.02", "localhost does not answer over TLS", self.production())
        broken("2.8.02", "is not under HTTPS", self.production(portal_url="http://portal.example"))

    def test_ways_to_others_that_are_not_encrypted(self, house, monkeypatch):
        monkeypatch.setattr(security, "_handshake", lambda url: "")
        assert outcome("2.8.02", self.production()) == "met"
        local = {"database_url": "postgresql://u:p@localhost/tre", "vault_address": "https://vault.example"}
        assert outcome("2.8.02", self.production(**local)) == "met"
        broken("2.8.02", "the way to the database", self.production(database_url="postgresql://u:p@db.example/tre"))
        broken("2.8.02", "the way to Vault", self.production(vault_address="http://vault.example"))
        safe = "postgresql://u:p@db.example/tre?sslmode=verify-full"
        assert outcome("2.8.02", self.production(database_url=safe)) == "met"

    def test_a_demonstration_shows_nothing_of_it(self, house):
        assert "over plain HTTP" in found("2.8.02").detail

    def test_a_workspace_that_the_log_does_not_tell_of(self, house):
        insider.as_an_insider("DELETE FROM audit_entry WHERE event = 'workspace.opened'")
        broken("2.2.14", "does not tell who opened 1 workspaces")


class TestWorkspaces:
    @pytest.mark.parametrize(
        ("number", "part"),
        [("2.2.11", "outside"), ("2.2.10", "neighbours"), ("2.1.14", "processes"), ("2.1.14", "files"),
         ("3.1.12", "outside")],
    )  # fmt: skip
    def test_a_sandbox_that_reaches_something(self, house, number, part):
        broken(number, "a sandbox reached something", installation(replace(HELD, **{part: ("something",)})))

    @pytest.mark.parametrize("number", ["2.2.11", "2.2.10", "2.1.14", "3.1.12"])
    def test_without_a_trial_nothing_is_shown(self, house, number):
        seen = found(number, installation("No sandbox could be opened for the trial: bwrap is missing."))
        assert seen == not_shown("No sandbox could be opened for the trial: bwrap is missing.")

    def test_an_installation_without_sandboxes_says_so(self, house):
        assert "TRE_SANDBOX" in str(Installation(load().model_copy(update={"sandbox": "none"})).trial)

    def test_a_trial_that_fails_says_why(self, house, monkeypatch):
        def fail() -> None:
            raise Refused("bubblewrap is not installed")

        monkeypatch.setattr("tre.workspace.trial.run", fail)
        assert "bubblewrap is not installed" in str(Installation().trial)

    def test_projects_of_one_group(self, house, monkeypatch):
        monkeypatch.setattr(Project.objects, "values_list", lambda *names, **how: [7, 7])
        broken("2.1.14", "Two projects have the same group")

    def test_the_strict_profile_passes_no_clipboard(self, house):
        Project.objects.update(profile="strict")
        assert outcome("2.1.01") == "met"
        assert "photographed" in found("2.1.01").detail

    def test_the_standard_profile_is_told_with_its_limit(self, house):
        broken("2.1.01", "1 approved projects have the standard one (frailty)")
        assert "audited, not stopped" in found("2.1.01").detail

    @pytest.mark.parametrize("side", ["FromBrowser", "FromScreen"])
    def test_a_filter_that_passes_a_clipboard(self, house, monkeypatch, side):
        Project.objects.update(profile="strict")
        monkeypatch.setattr(f"tre.workspace.rfb.{side}.feed", lambda self, data: data)
        broken("2.1.01", "A clipboard passes")

    def test_a_gate_that_passes_files(self, house, monkeypatch):
        monkeypatch.setattr(workspaces, "refused", lambda asked, base: None)
        broken("3.1.12", "the gate passes GET files/rows.csv")
        monkeypatch.undo()
        monkeypatch.setattr(workspaces, "refused_body", lambda body: None)
        broken("3.1.12", "the gate takes a file in")

    def test_a_project_s_folder_that_is_open(self, house):
        shared = load().path("projects", "frailty", "shared")
        shared.chmod(0o2775)
        broken("2.1.08", "projects/frailty/shared is open to others")

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root gives folders away")
    def test_a_home_of_another_group(self, house):
        os.chown(load().path("homes", "zebedee", "frailty"), -1, 0)
        broken("2.1.08", "has another group than its project's")

    def test_a_home_folder_that_is_open(self, house):
        load().home.chmod(0o755)
        try:
            broken("2.1.08", "the home folder is open to others")
        finally:
            load().home.chmod(0o700)

    def test_a_workspace_without_usage(self, house):
        Usage.objects.all().delete()
        broken("2.2.13", "1 workspaces have no usage written down")

    def test_without_workspaces_nothing_is_shown(self, house):
        Usage.objects.all().delete()
        last_session().delete()
        assert {outcome(number) for number in ("2.2.13", "2.2.14")} == {"not shown"}


class TestProjects:
    def test_a_project_that_was_changed_since(self, house):
        Project.objects.update(purpose="Something else.")
        broken("1.4.01", "frailty: The project is not what was approved")

    def test_a_project_that_lacks_something(self, house):
        Project.objects.update(purpose=" ")
        broken("1.4.01", "frailty: The project lacks a purpose")

    def test_a_project_that_was_not_assessed(self, house):
        house.applications.get().assessments.filter(safe="data").delete()
        broken("1.3.02", "frailty: safe data was not assessed")

    def test_a_workspace_that_outlives_its_right(self, house):
        Account.objects.filter(username="zebedee").update(training_expires=None)
        broken("1.4.02", "a workspace is open whose person may no longer work there")

    def test_an_extract_that_outlives_its_agreement(self, house, monkeypatch):
        Agreement.objects.update(ends=timezone.localdate() - timedelta(days=1))
        assert outcome("1.4.02") == "met"  # it is out of use by itself
        monkeypatch.setattr(studies, "current_extract", lambda project: Extract.objects.get())
        broken("1.4.02", "an extract is in use although its time is over")

    def test_rules_that_let_an_ended_agreement_pass(self, house, monkeypatch):
        monkeypatch.setattr(studies, "check_provisionable", lambda *told: None)
        broken("1.4.02", "under an agreement that has ended")

    def test_a_dataset_that_nobody_agreed_to(self, house):
        OwnerDecision.objects.all().delete()
        broken("1.5.04", "nobody who answers for people has agreed")

    def test_a_dataset_that_a_member_agreed_to(self, house):
        OwnerDecision.objects.update(by="zebedee")
        broken("1.5.04", "nobody who answers for people has agreed")

    def test_an_extract_with_what_was_not_agreed(self, house):
        extract = Extract.objects.get()
        extract.manifest["tables"][0]["columns"].append({"name": "lsoa"})
        extract.manifest["tables"].append({"name": "deaths", "columns": []})
        extract.save()
        broken("3.1.13", "people has lsoa, which was not agreed")
        broken("1.5.04", "extract 1 holds deaths without an agreement")

    def test_a_closed_project_of_which_something_is_left(self, house):
        Project.objects.update(status="closed")
        broken("1.4.04", "nobody said what becomes of its work")
        broken("1.4.04", "a workspace is open in a closed project")
        Closure.objects.create(project=house, keep="destroy", why="Done.", asked_by="mia", done=timezone.now())
        broken("1.4.04", "its certificate does not verify")
        Closure.objects.update(certificate=lifecycle.sign({"project": "frailty"}))
        lifecycle.folder_of(Extract.objects.get()).mkdir(parents=True)
        broken("1.4.04", "extracts are still there: 1")
        lifecycle.folder_of(Extract.objects.get()).rmdir()
        last_session().usage.all().delete()
        last_session().delete()
        assert outcome("1.4.04") == "met"

    def test_a_certificate_of_destruction_that_was_altered(self, house):
        certificate = lifecycle.sign({"project": "frailty", "extract": 1})
        Extract.objects.update(destroyed=timezone.now(), certificate=certificate)
        assert outcome("3.1.10") == "met"
        lifecycle.folder_of(Extract.objects.get()).mkdir(parents=True)
        broken("3.1.10", "its bytes are still there")
        Extract.objects.update(certificate={**certificate, "body": certificate["body"].replace("1", "2")})
        broken("3.1.10", "its certificate does not verify")

    def test_a_budget_that_was_changed_past_the_log(self, house):
        Ledger.objects.update(epsilon=99)
        broken("3.1.16", "not what the audit log tells")

    def test_a_project_that_did_not_say_what_it_lets_out(self, house):
        Project.objects.update(five_safes={})
        broken("3.3.03", "frailty: the question about outputs is not answered")
        broken("3.1.16", "frailty: what it means to let out was not asked")

    def test_a_register_without_its_approval(self, house):
        house.approvals.all().delete()
        broken("1.4.06", "frailty: no approval is on record")

    def test_without_projects_nothing_is_shown(self, house):
        Project.objects.update(status="draft")
        numbers = ("1.3.02", "1.4.01", "1.4.02", "1.4.06", "1.5.04", "2.1.01", "3.1.13", "3.1.16", "3.3.03")
        shown = {number: outcome(number) for number in numbers}
        assert set(shown.values()) == {"not shown"}


class TestData:
    def test_a_submission_of_what_its_provider_may_not_send(self, house):
        submission("july", "gp-system", ["deaths"])
        broken("3.1.04", "july: its provider may not send deaths")
        submission("august", "nobody", ["visits"])
        broken("3.1.04", "august: visits has no data contract")

    def test_a_submission_that_the_log_does_not_tell_of(self, house):
        insider.as_an_insider("DELETE FROM audit_entry WHERE event = 'catalogue.landed'")
        broken("3.1.04", "june: the audit log does not tell of its landing")

    def test_a_dataset_without_a_contract(self, house):
        DatasetVersion.objects.update(dataset="visits")
        broken("3.1.08", "visits: it has no data contract")
        broken("3.4.01", "visits is not in the catalogue")

    def test_a_contract_that_does_not_say_who_answers(self, house, monkeypatch):
        known = dict(datasets())
        known["people"] = replace(known["people"], controller=" ")
        monkeypatch.setattr(data, "datasets", lambda: known)
        broken("3.1.08", "people: its controller is not told")

    def test_a_field_without_a_class(self, house, monkeypatch):
        known = dict(datasets())
        column = replace(known["people"].columns[0], classification="")
        known["people"] = replace(known["people"], columns=(column,))
        monkeypatch.setattr(data, "datasets", lambda: known)
        broken("3.1.03", f"people.{column.name} has no class")

    def test_a_version_that_the_log_does_not_tell_of(self, house):
        DatasetVersion.objects.create(dataset="people", version=9, rows=1, build=DatasetVersion.objects.get().build)
        broken("3.1.11", "people version 9: no entry tells of it")

    def test_a_streamed_version_is_told_of(self, house):
        write_streamed({"dataset": "device_readings", "version": 4, "rows": 10}, "mia")
        assert outcome("3.1.11") == "met"

    def test_a_contract_that_tells_of_a_person(self, house, monkeypatch):
        finding = Finding("identifier", "NHS number", "block", "line 3", 1, "9•••", "why", "fix", "source", 1.0)
        monkeypatch.setattr(data, "inspect", lambda path, context: replace(passes(path, context), findings=(finding,)))
        broken("3.1.20", "identifier")

    def test_a_contract_that_was_not_accepted(self, house, monkeypatch):
        def refuse(contracts: object, folder: Path) -> None:
            raise ContractError("The contract has not been accepted", where="people 2.0.0")

        monkeypatch.setattr(data, "check_all", refuse)
        broken("3.1.20", "has not been accepted")

    def test_a_page_that_not_everybody_can_read(self, house, monkeypatch):
        monkeypatch.setattr("tre.web.public.page.login_required", True)
        broken("1.7.02", "the page 'public' is not open to everybody")
        broken("3.4.01", "the page 'public' is not open to everybody")

    def test_before_anything_is_held_nothing_is_shown(self, house):
        DatasetVersion.objects.all().delete()
        assert {outcome(number) for number in ("3.1.08", "3.1.11")} == {"not shown"}


class TestOutputs:
    @pytest.fixture
    def released(self, house) -> Release:
        for part in ("airlock", "release"):
            shutil.rmtree(load().path(part), ignore_errors=True)
        person("ann", "researcher")
        study = project("falls", "ann")
        made = inspected(study)
        vote(made, "cat")
        vote(made, "dan")
        work()
        return Release.objects.get()

    def test_what_was_released_is_judged_anew(self, released):
        assert outcome("3.1.05") == "met"
        assert outcome("3.3.09") == "met"
        assert "1 releases were judged anew" in found("3.1.05").detail

    @pytest.mark.parametrize(
        "change",
        [
            lambda: FileVote.objects.update(choice="reject"),
            lambda: RequestFile.objects.update(sha256="0" * 64),
            lambda: Review.objects.filter(checker__username="dan").update(checker=Account.objects.get(username="ann")),
            lambda: insider.as_an_insider("DELETE FROM audit_entry WHERE event = 'airlock.reviewed'"),
        ],
    )
    def test_a_release_that_was_altered_since(self, released, change):
        change()
        broken("3.1.05", released.identity)

    def test_a_release_whose_inspection_is_gone(self, released):
        RequestFile.objects.update(inspection=None)
        broken("3.3.09", "a file has no inspection on record")

    @pytest.mark.parametrize("name", sorted(VERDICTS))
    def test_inspection_that_judges_otherwise(self, house, name):
        other = "pass" if VERDICTS[name] != "pass" else "block"
        for number in ("3.3.01", "3.3.08"):
            broken(number, f"{name} was judged '{other}'", installation(verdicts={**VERDICTS, name: other}))

    def test_a_pickle_that_passes(self, house):
        broken("3.3.07", "is not blocked", installation(verdicts={**VERDICTS, "model.pkl": "review"}))

    def test_a_model_that_nobody_paid_for(self, released):
        model = {"name": "m", "version": 1, "alias": "champion", "epsilon": 1.0}
        Release.objects.update(models_registered=[model])
        broken("3.3.07", "more models were released than were paid for")

    def test_a_model_without_a_price_that_left_before_it_was_attacked(self, released):
        Release.objects.update(models_registered=[{"name": "m", "version": 1, "alias": "champion", "epsilon": None}])
        broken("3.3.07", "left before the attacks on it were reported")
        AttackReport.objects.create(file=released.request.files.get(), report={"level": "nothing"})
        broken("3.3.07", "left before the attacks on it were reported")
        AttackReport.objects.update(at=released.at)
        assert outcome("3.3.07") == "met"

    def test_a_rule_without_its_source(self, house, monkeypatch):
        policy = load_policy()
        rules = {**policy.rules, "formula": replace(policy.rules["formula"], source=" ")}
        monkeypatch.setattr(outputs, "load_policy", lambda: replace(policy, rules=rules))
        broken("3.3.06", "the rule formula names no source")


class TestSoftware:
    def test_a_package_of_another_version_than_was_tried(self, house):
        here = installation()
        here.__dict__["software"] = (Package("django", "4.0"),)
        broken("2.2.04", "django is 4.0 and not 5.2", here)

    def test_without_the_lock_nothing_is_shown(self, house, monkeypatch, tmp_path):
        monkeypatch.setattr(software, "LOCK", tmp_path / "none")
        assert outcome("2.2.04") == "not shown"


class TestLooking:
    def test_a_check_that_cannot_run_is_never_met(self):
        def refuse(here: Installation) -> None:
            """Look."""
            raise Refused("It is not there", where="somewhere")

        def fail(here: Installation) -> None:
            """Look."""
            raise DatabaseError("secret of the database")

        def miss(here: Installation) -> None:
            """Look."""
            raise FileNotFoundError("/home/somebody")

        checks = {"1.4.01": refuse, "1.4.02": fail, "1.4.04": miss}
        results = {each.statement.number: each for each in look(specification(), Installation(), {}, checks)}
        assert {results[number].outcome for number in checks} == {"not shown"}
        assert "It is not there" in results["1.4.01"].detail
        assert "secret" not in results["1.4.02"].detail
        assert "somebody" not in results["1.4.04"].detail
        assert results["1.1.01"].outcome == ""
        assert results["1.1.01"].at is None
