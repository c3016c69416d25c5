"""What the platform carries out from a specification: asked for, done once, signed, cancelled, and known again."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from django.db import connection, transaction
from django.template.loader import render_to_string

from tests.factories import as_seen_now, person, project
from tests.runs import BY_SEX, PEOPLE, Place, ask, carried_out, content, make_warehouse
from tre.airlock import submissions
from tre.airlock.drafts import Upload
from tre.airlock.release import note
from tre.airlock.storage import storage
from tre.api.told.requests import RequestTold
from tre.api.told.runs import RunRow, RunTold
from tre.audit.models import Entry
from tre.disclosure.statistics.differencing import Release
from tre.errors import Refused, SettingsError
from tre.keys.custody import custody
from tre.projects.lifecycle import folder_of
from tre.projects.models import Membership
from tre.runs.attested import jobs, lookup, services
from tre.runs.attested.domain import AUDIT_EVENTS, KINDS, STATES, TRANSITIONS, follow
from tre.runs.attested.models import Run, RunOutput
from tre.runs.attested.policy import runs_policy
from tre.runs.attested.services import reads_words
from tre.runs.attested.specs import checked
from tre.runs.attested.statement import verify
from tre.runs.runner import JobFailed, JobStopped

pytestmark = [pytest.mark.django_db, pytest.mark.spark]


@pytest.fixture(scope="module")
def warehouse(spark, tmp_path_factory):
    return make_warehouse(spark, tmp_path_factory.mktemp("warehouse"))


@pytest.fixture
def place(monkeypatch, spark, warehouse):
    return Place(monkeypatch, spark, warehouse)


def events(run: Run) -> list[str]:
    return list(Entry.objects.filter(subject=run.subject()).order_by("number").values_list("event", flat=True))


def key():
    return custody().signing_key("attestation").public_key()


def test_each_state_is_reached_and_each_event_has_its_audit_event():
    assert {"queued", *TRANSITIONS.values()} == set(STATES)
    assert {event for _, event in TRANSITIONS} == set(AUDIT_EVENTS)
    for state, event in itertools.product(STATES, AUDIT_EVENTS):
        if (state, event) in TRANSITIONS:
            assert follow(state, event) == TRANSITIONS[state, event]
        else:
            with pytest.raises(Refused, match="cannot"):
                follow(state, event)
    assert {before for (before, _), after in TRANSITIONS.items() if after == "done"} == {"running"}


def test_a_table_is_made_signed_and_known_again(place):
    study = place.study()
    run = carried_out(ask(study, {**BY_SEX, "columns": ["ethnicity"]}))
    assert (run.state, run.error) == ("done", "")
    assert b"[c]" in content(run)  # the one of an ethnicity of their own
    output = run.outputs.get()
    told = verify(run.attestation, key(), output.sha256)
    build = told["predicate"]["buildDefinition"]
    assert build["externalParameters"]["query"] == BY_SEX["query"]
    assert build["internalParameters"]["project"] == "frailty"
    assert build["internalParameters"]["rules"]["profile"] == "acro"
    assert {each["name"] for each in build["resolvedDependencies"]} == {
        "extract", "code", "environment", "disclosure-policy",
    }  # fmt: skip
    assert lookup.attested(study, output.sha256) == output
    assert lookup.is_safe_table(study, output.sha256)
    assert events(run) == ["runs.asked", "runs.begun", "runs.finished"]
    kept = Entry.objects.get(event="runs.finished")
    assert kept.data["attestation_sha256"] == services.digest(run.attestation)
    assert BY_SEX["query"] not in json.dumps(list(Entry.objects.values_list("data", flat=True)))


def test_a_program_is_told_which_file_a_run_made(place):
    study = place.study()
    run = carried_out(ask(study))
    uploads = [Upload("table.csv", [content(run)]), Upload("other.csv", [b"a,b\n1,2\n"])]
    made = submissions.submit(as_seen_now("ann"), study, "Counts.", uploads)
    (told,) = RequestTold.seen(made, as_seen_now("cat")).attested
    assert (told.file, told.run, told.kind) == (made.files.get(name="table.csv").pk, run.pk, "aggregate")


def test_a_release_s_crate_tells_what_a_table_was_made_from(place):
    run = carried_out(ask(place.study()))
    told = dict(note._made(run))
    assert (told.pop("run"), told.pop("specification")) == (run.subject(), services.digest(run.spec))
    assert {"code", "disclosure-policy", "environment", "extract"} == told.keys()
    assert all(len(each) == 64 for each in told.values())


def test_a_private_question_is_answered_over_a_true_extract_by_the_contracts_codes(place):
    asked = {"kind": "count", "table": "people", "by": [{"column": "sex"}]}
    run = carried_out(ask(place.study(), {"query": asked, "epsilon": 1.0, "delta": 1e-6}, "private"))
    assert (run.state, run.error) == ("done", "")
    told = json.loads(content(run, "answer.json"))
    assert told["public"]["sex"].startswith("by contract people ")
    found = {each["sex"]: each["value"] for each in told["rows"]}
    assert [found["1"], found["2"], found["9"]] == pytest.approx([PEOPLE / 2, PEOPLE / 2, 0], abs=40)
    assert content(run, "answer.csv").decode().splitlines()[0] == "sex,value,off"


def test_a_table_with_words_of_the_querys_own_is_attested_and_looked_at(place):
    query = "SELECT pseudonym, concat('he told me of ', sex) AS sex FROM people"
    run = carried_out(ask(place.study(), {**BY_SEX, "query": query}))
    assert b"he told me of 1" in content(run)
    output = run.outputs.get()
    assert lookup.attested(run.project, output.sha256) == output
    assert not lookup.is_safe_table(run.project, output.sha256)


def test_nobody_is_counted_whose_members_are_not_known(place):
    query = (
        "SELECT o.pseudonym, p.sex FROM people p LEFT JOIN (SELECT pseudonym FROM people WHERE birth_year = 1930) o"
        " USING (pseudonym)"
    )
    run = carried_out(ask(place.study(), {**BY_SEX, "query": query, "aggfunc": "count"}))
    assert run.state == "failed"
    assert "not that of whom each row is about" in run.error


def test_the_members_are_the_people_that_are_counted_whichever_project_made_the_table(place):
    one, other = place.study(), place.study("asthma")
    runs = [carried_out(ask(study)) for study in (one, other)]
    frames = [Release.from_bytes(b"".join(storage().chunks(run.outputs.get().members))) for run in runs]
    assert {len(members) for members in frames[0].cells.values()} == {PEOPLE // 2}
    assert frames[0].cells == frames[1].cells  # though no pseudonym of theirs is the same
    assert content(runs[0]) == content(runs[1])


def test_what_is_asked_for_twice_is_one_run(place):
    study = place.study()
    first = ask(study)
    assert ask(study).pk == first.pk
    with pytest.raises(Refused, match="another specification"):
        ask(study, {**BY_SEX, "rows": ["ethnicity"]})
    carried_out(first)
    jobs.execute({"run": first.pk})  # its worker died after it had finished, say
    assert RunOutput.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "spec", "where"),
    [
        ("aggregate", {"rows": ["sex"]}, "query"),
        ("aggregate", {**BY_SEX, "more": 1}, "more"),
        ("aggregate", {**BY_SEX, "rows": []}, "rows"),
        ("aggregate", {**BY_SEX, "aggfunc": "max"}, "aggfunc"),
        ("aggregate", {**BY_SEX, "query": "x" * 20_001}, "query"),
        ("aggregate", None, "spec"),
        ("training", {"query": "SELECT 1", "training": {}, "name": "../x", "purpose": "p"}, "name"),
        ("notebook", {"notebook": {}, "parameters": {"a b": 1}}, "parameters"),
        ("shell", {}, "kind"),
    ],
)
def test_a_specification_that_is_not_whole_is_refused_where_it_is_wrong(kind, spec, where):
    with pytest.raises(Refused) as told:
        checked(kind, spec)
    assert where in told.value.where
    assert "xxxx" not in told.value.sentence()


def test_who_may_not_ask_does_not_and_a_project_has_room_for_so_many(place, monkeypatch):
    study = place.study()
    for who in (person("bob", "researcher"), person("mia", "data_manager"), as_seen_now("cat")):
        with pytest.raises(Refused):
            services.ask(who, study, "aggregate", BY_SEX, "x")
    for number in range(runs_policy().under_way):
        ask(study, once=str(number))
    with pytest.raises(Refused, match="as many as it may have"):
        ask(study, once="one more")
    with pytest.raises(Refused, match="no extract"):
        ask(project("empty", "ann"))


def test_a_query_that_is_refused_fails_the_run_with_its_sentence(place):
    run = carried_out(ask(place.study(), {**BY_SEX, "query": "SELECT * FROM other"}))
    assert run.state == "failed"
    assert "may read only" in run.error
    assert not run.outputs.exists()
    assert events(run)[-1] == "runs.failed"


def test_somebody_who_is_no_person_of_the_extract_is_counted_by_nobody(place):
    run = carried_out(ask(place.study(), {**BY_SEX, "query": "SELECT sex FROM people"}))
    assert "needs the column pseudonym" in run.error


def test_no_word_of_a_notebooks_reaches_a_browser_outside_by_a_refusal(place):
    study, said = place.study(), "carried out in a heading"
    run = carried_out(ask(study, {**BY_SEX, "rows": [said]}))
    assert said in run.error  # the workspace tells it
    assert reads_words(study, "mia")
    assert not reads_words(study, "ann")
    assert said not in RunRow.of(run, words=False).model_dump_json()
    assert said in RunRow.of(run, words=True).model_dump_json()
    Run.objects.filter(pk=run.pk).update(kind="notebook")
    RunOutput.objects.create(run=run, name="x", sha256="ab" * 32, size=1)
    run = Run.objects.get(pk=run.pk)
    assert RunRow.of(run, words=False).outputs == []
    page = render_to_string("attested/one.html", {"run": run, "reads": False, "shows_outputs": False})
    assert said not in page
    assert "ab" * 32 not in page
    assert "It made 1 file." in page
    Run.objects.filter(pk=run.pk).update(log=[f"it printed {said}"])
    run = Run.objects.get(pk=run.pk)
    for_author = RunTold.seen(run, as_seen_now("ann"))
    assert said not in for_author.model_dump_json()
    assert (for_author.log, for_author.specification, for_author.may) == ([], None, ["retry"])
    for_manager = RunTold.seen(run, person("mia", "data_manager"))
    assert (for_manager.log, for_manager.specification) == (run.log, run.spec)


def test_an_extract_that_was_altered_is_not_run_on(place):
    study = place.study()
    run = ask(study)
    part = next((folder_of(run.extract) / "people").iterdir())
    part.write_bytes(part.read_bytes()[:-1] + b"x")
    assert "altered" in carried_out(run).error


def test_a_run_that_is_cancelled_makes_nothing_and_may_be_asked_for_again(place):
    study = place.study()
    run = ask(study)
    services.cancel(run.pk, as_seen_now("ann"))
    assert carried_out(run).state == "cancelled"
    assert place.asked == []
    services.retry(run.pk, as_seen_now("ann"))
    assert carried_out(run).state == "done"
    with pytest.raises(Refused, match="cannot"):
        services.cancel(run.pk, as_seen_now("ann"))
    with pytest.raises(Refused, match="cannot"):
        services.retry(run.pk, as_seen_now("ann"))


def test_a_run_that_is_cancelled_while_it_is_carried_out_keeps_nothing(place):
    study = place.study()
    run = ask(study)

    def cancelled(name: str) -> None:
        services.cancel(run.pk, as_seen_now("ann"))
        raise JobStopped("The job was stopped")

    place.before = cancelled
    assert carried_out(run).state == "cancelled"
    assert not run.outputs.exists()


def test_what_was_made_after_it_was_cancelled_is_nobodys(place):
    study = place.study()
    run = ask(study)
    place.before = lambda name: services.cancel(run.pk, as_seen_now("ann")) and None
    assert carried_out(run).state == "cancelled"
    assert not RunOutput.objects.exists()


def test_a_run_that_has_had_its_time_fails(place):
    run = ask(place.study())

    def late(name: str) -> None:
        raise JobStopped("The job was stopped")

    place.before = late
    assert "longer than the policy" in carried_out(run).error


def test_a_job_without_a_result_fails_the_run_and_names_no_file_of_the_operators(place):
    run = ask(place.study())

    def broken(name: str) -> None:
        raise JobFailed("The job ended with status -9", where="/home/secret/aggregate.log")

    place.before = broken
    done = carried_out(run)
    assert done.state == "failed"
    assert "/home" not in done.error + "".join(done.log)


def test_a_run_whose_workers_died_is_given_up(place):
    run = ask(place.study())
    with transaction.atomic():
        jobs.abandon({"run": run.pk}, "Its worker died five times.")
    assert Run.objects.get(pk=run.pk).state == "failed"
    with transaction.atomic():
        jobs.abandon({"run": run.pk}, "Again.")
    assert events(run).count("runs.failed") == 1


def test_a_worker_that_died_midway_leaves_the_run_to_the_next(place):
    run = ask(place.study())

    def dies(name: str) -> None:
        raise KeyboardInterrupt

    place.before = dies
    with pytest.raises(KeyboardInterrupt):
        jobs.execute({"run": run.pk})
    assert Run.objects.get(pk=run.pk).state == "running"
    place.before = lambda name: None
    jobs.execute({"run": run.pk})
    assert Run.objects.get(pk=run.pk).state == "done"
    assert events(run) == ["runs.asked", "runs.begun", "runs.finished"]


def test_who_left_the_project_has_nothing_carried_out(place):
    study = place.study("frailty", "ann")
    run = ask(study)
    Membership.objects.filter(project=study).delete()
    assert carried_out(run).state == "failed"
    assert place.asked == []


def test_what_a_run_says_of_its_course_is_inspected(place):
    run = ask(place.study())
    place.before = lambda name: None
    steps = jobs._inspected(run, ["Margaret Hughes, NHS number 943 476 5919, born 3 May 1950"])
    assert len(steps) == 1
    assert "Hughes" not in steps[0]
    assert jobs._inspected(run, ["reading the query", "counting"]) == ["reading the query", "counting"]


def test_nobody_has_to_wait_while_it_is_inspected_and_signed(place, monkeypatch):
    run, outside, seen = ask(place.study()), len(connection.savepoint_ids), list[tuple[str, int]]()

    def watch(name: str) -> None:
        real = getattr(jobs, name)

        def watched(*given: Any, **named: Any) -> Any:
            seen.append((name, len(connection.savepoint_ids)))
            return real(*given, **named)

        monkeypatch.setattr(jobs, name, watched)

    watch("inspect")
    watch("sign")
    assert carried_out(run).state == "done"
    assert seen == [("inspect", outside), ("sign", outside)], "no transaction of its own is open"


def test_a_policy_that_is_not_whole_stops_it(tmp_path):
    path = tmp_path / "runs.yaml"
    for text in ("", "under_way: 0\nminutes: {}\nmegabytes: 1\nnotebook_megabytes: 1", "minutes: {shell: 1}"):
        path.write_text(text)
        with pytest.raises(SettingsError, match="policy of runs"):
            runs_policy(path)
    assert set(runs_policy().within) == set(KINDS)
