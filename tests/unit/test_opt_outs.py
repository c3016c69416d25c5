"""Opt-outs: they fail closed, apply by use, and change with what the person says."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from spark_jobs import arrivals, build, everyone, judging, known, opt_out, opt_out_few, provision, tables, validate
from spark_jobs.contracts import load_contracts
from spark_jobs.errors import JobRefused
from spark_jobs.provisioning import few
from spark_jobs.provisioning.engines import InProcess
from spark_jobs.pseudonymise import pseudonym
from tests.health_system import CONTRACTS, KEYS, build_warehouse, number, patient, submit, use_session
from tests.warehouse import specification, table

pytestmark = pytest.mark.spark
DAY = date(2026, 7, 1)
PROJECT_KEY = bytes(range(64, 96))


@pytest.fixture(autouse=True)
def _one_session(monkeypatch, spark):
    use_session(monkeypatch, spark, build, provision)


def spaced(digits: str) -> str:
    return f"{digits[:3]} {digits[3:6]} {digits[6:]}"


def wide(digits: str) -> str:
    """Write digits at double width, as an input method for Chinese or Japanese does."""
    return "".join(chr(0xFF10 + int(digit)) for digit in digits)


def said(person: int, kind: str = "national", recorded_on: str = "2020-01-01", withdrawn_on: str = "") -> dict:
    return {"nhs_number": number(person), "recorded_on": recorded_on, "kind": kind, "withdrawn_on": withdrawn_on}


def in_warehouse(spark, home: Path, table: str, where: str = "true") -> set[str]:
    return {row["pseudonym"] for row in tables.read(spark, home / "warehouse" / table).where(where).collect()}


def pseudonyms(*persons: int, key: bytes = KEYS["warehouse-pseudonym"]) -> set[str]:
    return {pseudonym(key, f"P{person}") for person in persons}


BOTH = {"national", "type_1"}
STATEMENTS: list[tuple[list[tuple[dict[str, str], int]], set[str]]] = [
    # what was sent of one number (columns, and which of the submissions 1 and 2 said it), which kinds are in force
    ([({}, 1)], {"national"}),
    ([({"kind": "type_1"}, 1)], {"type_1"}),
    ([({"kind": " National "}, 1)], {"national"}),
    ([({"kind": ""}, 1)], BOTH),
    ([({"kind": "both"}, 1)], BOTH),
    ([({"recorded_on": ""}, 1)], {"national"}),
    ([({"recorded_on": "2099-01-01"}, 1)], {"national"}),
    ([({"recorded_on": "2020-02-30"}, 1)], {"national"}),
    ([({"withdrawn_on": "2021-01-01"}, 1)], set()),
    ([({"withdrawn_on": "2026-07-01"}, 1)], set()),
    ([({"withdrawn_on": "2026-07-02"}, 1)], {"national"}),
    ([({"withdrawn_on": "soon"}, 1)], {"national"}),
    ([({"withdrawn_on": "2019-12-31"}, 1)], {"national"}),
    ([({"recorded_on": "", "withdrawn_on": "2021-01-01"}, 1)], set()),
    ([({"kind": "", "withdrawn_on": "2021-01-01"}, 1)], BOTH),
    ([({}, 1), ({"kind": "type_1", "withdrawn_on": "2021-01-01"}, 1)], {"national"}),
    ([({}, 1), ({"withdrawn_on": "2021-01-01"}, 2)], set()),
    ([({"withdrawn_on": "2021-01-01"}, 1), ({}, 2)], {"national"}),
    ([({"withdrawn_on": "2021-01-01"}, 1), ({"recorded_on": "2022-01-01"}, 1)], {"national"}),
    ([({}, 1), ({"withdrawn_on": "2021-01-01", "provider": "another"}, 2)], {"national"}),
]


def test_what_holds_of_what_was_said(spark):
    names = ("provider", "landed", "nhs_number", "kind", "recorded_on", "withdrawn_on")
    rows = []
    for person, (told, _) in enumerate(STATEMENTS):
        for changes, submission in told:
            source = {"provider": "nhse", "landed": submission}
            row = {**source, **said(person), **changes}
            rows.append(tuple(row[name] for name in names))
    sent = spark.createDataFrame(rows, ", ".join(f"{name} {'int' if name == 'landed' else 'string'}" for name in names))
    found = opt_out.statements(sent).persist()
    holds = {kind: {row[0] for row in opt_out.in_force(found, kind, DAY).collect()} for kind in opt_out.KINDS}
    for person, (told, kinds) in enumerate(STATEMENTS):
        assert {kind for kind in opt_out.KINDS if number(person) in holds[kind]} == kinds, told


@pytest.fixture(scope="module")
def home(spark, tmp_path_factory) -> Path:
    """Return a home with a warehouse: five people whom a practice and a trust know, and some whom one alone does."""
    folder = tmp_path_factory.mktemp("home")
    patients = [
        *(patient(person) for person in range(8)),
        patient(9, nhs_number=spaced(wide(number(9)))),  # the practice writes it apart, and wide
        patient(11, nhs_number=""),
    ]
    submit(folder / "landing", "gp-1", "gp-system", gp_patients=patients)
    care = {"admission_method": "21", "icd10_primary": "R55X", "sex": "1", "admitted_on": "2025-01-01"}
    note = {"discharge_note": "Anna Archer spoke to Margaret."}
    spells = [
        *({**care, **note, "spell_id": f"S{n}", "local_id": f"R{n}", "nhs_number": number(n)} for n in range(5)),
        {**care, "spell_id": "T1", "local_id": "R10"},
        # in quarantine, and theirs all the same
        {**care, "spell_id": "T2", "local_id": "R10", "admitted_on": "2026-02-30", "nhs_number": number(10)},
    ]
    submit(folder / "landing", "acute-1", "acute-trust", admitted_care=spells)
    opt_outs = [
        said(0),
        {**said(1), "nhs_number": spaced(number(1))},
        {**said(5), "nhs_number": f" {number(5)[:5]}-{number(5)[5:]}", "recorded_on": "2099-01-01"},
        {**said(6), "nhs_number": wide(number(6)), "recorded_on": ""},
        said(9),
        said(10),
        said(500),  # nobody's here
    ]
    submit(folder / "landing", "nhse-1", "nhs-england", opt_outs=opt_outs)
    submit(folder / "landing", "gp-opt-outs", "gp-system", opt_outs=[said(4, "type_1"), {**said(7), "kind": "?"}])
    with pytest.MonkeyPatch.context() as patched:
        use_session(patched, spark, build, provision)
        patched.setattr(validate, "MANY", 0)  # as of many rows and persons: it is the same that is published
        patched.setattr(known, "SORTED_FROM", 0)
        result = build_warehouse(folder)
    assert result["opted_out"] == 8
    assert not (folder / "landing" / "work").exists()
    return folder


def test_an_opt_out_holds_whatever_its_spelling_and_where_its_number_stands(spark, home):
    assert in_warehouse(spark, home, "opt_outs", "kind = 'national'") == pseudonyms(0, 1, 5, 6, 7, 9, 10)
    assert in_warehouse(spark, home, "opt_outs", "kind = 'type_1'") == pseudonyms(4, 7)


def test_the_warehouse_keeps_everybody_but_what_a_type_1_opt_out_keeps_back(spark, home):
    assert in_warehouse(spark, home, "gp_patients") == pseudonyms(0, 1, 2, 3, 5, 6, 9, 11)
    assert in_warehouse(spark, home, "people") == pseudonyms(0, 1, 2, 3, 4, 5, 6, 9, 10, 11)
    told = tables.read(spark, home / "warehouse" / "people").where("practice_code IS NULL").collect()
    assert {row["pseudonym"] for row in told} == pseudonyms(4, 10)  # what the practice alone knows went with its rows


def test_a_note_is_in_the_warehouse_without_names(spark, home):
    care = tables.read(spark, home / "warehouse" / "admitted_care")
    assert "discharge_note" not in care.columns
    notes = {row[0] for row in care.select("discharge_note_deidentified").collect()}
    assert notes == {"[NAME] spoke to [NAME].", None}


@pytest.mark.parametrize("unread", ["", "943476591", number(0)[:9] + str((int(number(0)[9]) + 1) % 10), "unknown"])
def test_nothing_is_built_while_an_opt_out_cannot_be_read(tmp_path, unread):
    landing = tmp_path / "landing"
    submit(landing, "gp-1", "gp-system", gp_patients=[patient(0)])
    submit(landing, "nhse-1", "nhs-england", opt_outs=[said(0), {**said(1), "nhs_number": unread}])
    with pytest.raises(JobRefused, match="cannot be read") as told:
        build_warehouse(tmp_path)
    sentence = told.value.sentence()
    assert "nhse-1" in sentence
    assert not unread or unread not in sentence
    assert not (tmp_path / "warehouse").exists()
    assert not (landing / "work").exists()


def held(folder: Path, table: str) -> set[str]:
    return set(parquet.read_table(folder / table)["pseudonym"].to_pylist())


def pinned(version: int, people: int, *, national: bool = True) -> dict:
    return {"version": version, "people": people, "day": DAY.isoformat(), "national": national}


def extract(home: Path, name: str, *, national: bool = True) -> dict[str, set[str]]:
    """Make an extract of people and of what their practices recorded; return the warehouse's persons in each."""
    newest = {each.name: tables.newest_version(each) for each in (home / "warehouse").iterdir()}
    asked = (("people", "sex"), ("gp_patients", "registered_on"), ("admitted_care", "opcs4"))
    wanted = [table(dataset, column, version=newest[dataset]) for dataset, column in asked]
    applied = pinned(newest["opt_outs"], newest["people"], national=national)
    versions = {"people": newest["people"]}
    spec = specification(home / "warehouse", home / name, *wanted, opt_outs=applied, versions=versions)
    manifest = provision.run(spec, {"project-pseudonym": PROJECT_KEY}, lambda text: None)
    assert manifest["opt_outs"] == {"version": newest["opt_outs"], "national": national}
    assert manifest["specification"]["opt_outs"] == applied
    return {table["name"]: held(home / name, table["name"]) for table in manifest["tables"]}


def extracted(*persons: int, key: bytes = KEYS["warehouse-pseudonym"]) -> set[str]:
    return {pseudonym(PROJECT_KEY, each) for each in pseudonyms(*persons, key=key)}


def test_an_extract_leaves_out_who_opted_out_unless_its_use_is_exempt(home, monkeypatch):
    usual = extract(home, "usual")
    assert usual["people"] == extracted(2, 3, 4, 11)
    assert usual["gp_patients"] == extracted(2, 3, 11)  # the practice's rows of 4 stay with the practice
    assert usual["admitted_care"] == extracted(2, 3, 4)
    exempt = extract(home, "exempt", national=False)
    assert exempt["people"] == extracted(0, 1, 2, 3, 4, 5, 6, 9, 10, 11)
    assert exempt["gp_patients"] == extracted(0, 1, 2, 3, 5, 6, 9, 11)
    monkeypatch.setattr(few, "MOST_CELLS", -1)  # now on Spark's executors
    assert extract(home, "usual again") == usual
    assert extract(home, "exempt again", national=False) == exempt


def test_a_change_of_mind_takes_effect_at_the_next_extract_and_the_key_may_be_rotated_between(spark, home):
    """1 withdraws, 2 opts out, and the warehouse moves to its key's second generation."""
    before = tables.newest_version(home / "warehouse" / "opt_outs")
    first = extract(home, "usual")  # finished before: the same again
    rows = [said(1, withdrawn_on="2026-02-01"), said(2)]
    submit(home / "landing", "nhse-2", "nhs-england", opt_outs=rows)
    new = bytes(range(96, 128))
    keys = {"warehouse-pseudonym": new, "warehouse-pseudonym.1": KEYS["warehouse-pseudonym"]}
    build_warehouse(home, keys={**KEYS, **keys}, generation=2)
    assert tables.newest_version(home / "warehouse" / "opt_outs") != before
    second = extract(home, "second")
    assert second["people"] == extracted(1, 3, 4, 11, key=new)
    assert second["admitted_care"] == extracted(1, 3, 4, key=new)
    # the first extract stays as it was; nothing on disk says which of its pseudonyms is which of the second's
    assert held(home / "usual", "people") == first["people"] == extracted(2, 3, 4, 11)
    assert not second["people"] & first["people"]
    register = opt_out.Register.read(spark, home / "warehouse", pinned(1, 1))
    old = tables.read(spark, home / "warehouse" / "people", 0)
    left = {row["pseudonym"] for row in register.cohort(old).collect()}
    assert left == pseudonyms(1, 3, 4, 11)  # opt-outs of today, on a table of the earlier generation
    old = register.table(tables.read(spark, home / "warehouse" / "gp_patients", 0), "gp_patients", 0)
    assert {row["pseudonym"] for row in old.collect()} == pseudonyms(0, 1, 2, 3, 5, 6, 9, 11)


def test_every_dataset_of_general_practices_is_under_the_type_1_opt_out():
    contracts = load_contracts(CONTRACTS).values()
    theirs = {each.dataset for each in contracts if "general practice" in each.controller.lower()}
    assert theirs >= {"gp_patients", "gp_events", "gp_prescriptions"}
    assert all(opt_out.is_gp_record(dataset) for dataset in theirs)


def test_without_a_register_nothing_is_provisioned(spark, tmp_path):
    with pytest.raises(JobRefused, match="who has opted out"):
        opt_out.Register.read(spark, tmp_path / "warehouse", pinned(0, 0))


KINDS_SAID = ("national", "type_1", " Type_1 ", "", "both", "NATIONAL")
DAYS_SAID = ("", "2020-01-01", "2021-06-30", "2020-02-30", " 2026-07-02 ", "soon", "01/02/2021", "2019-12-31")


def landed_at_random(spark, folder: Path, seed: int) -> judging.Landed:
    chance = Random(seed)
    for place in range(4):
        rows = [
            said(chance.randrange(12), chance.choice(KINDS_SAID), chance.choice(DAYS_SAID), chance.choice(DAYS_SAID))
            for _ in range(15)
        ]
        for row in rows[::3]:
            row["nhs_number"] = spaced(row["nhs_number"])
        for row in rows[::5]:
            row["nhs_number"] = row["nhs_number"][:-4] + wide(row["nhs_number"][-4:])
        submit(folder, f"opt-{place}", ("nhs-england", "gp-system")[place % 2], opt_outs=rows)
    contracts = load_contracts(CONTRACTS)
    receipts = arrivals.held(folder, [{"submission": f"opt-{n}", "datasets": ["opt_outs"]} for n in range(4)])
    return judging.Landed(spark, InProcess(), folder, receipts, contracts)


@pytest.mark.parametrize("seed", range(3))
def test_in_this_process_they_hold_as_on_spark(spark, tmp_path, seed):
    landed = landed_at_random(spark, tmp_path / "landing", seed)
    schema = ", ".join(f"{name} string" for name in ("provider", "local_id", "nhs_number", "reason"))
    rows = [("gp-system", f"G{n}", spaced(number(n)) if n % 3 else number(n), "x" if n % 4 else None) for n in range(9)]
    rows += [("acute-trust", f"R{n}", wide(number(n % 5)) if n % 2 else number(n % 5), None) for n in range(9)]
    spark.createDataFrame(rows, schema).write.parquet(str(tmp_path / "judged"))
    spine = pa.table({"provider": [row[0] for row in rows], "local_id": [row[1] for row in rows],
                      "person": [f"P{place % 10}" for place in range(len(rows))]})  # fmt: skip
    sent = opt_out_few.sent(landed)
    assert sent is not None
    folders = {"gp_patients": tmp_path / "judged"}
    here = opt_out_few.persons(landed.engine, sent, spine, folders, landed.contracts)
    contract = landed.contracts["gp_patients"]
    numbers = opt_out.numbers_held(spark, [(contract, spark.read.schema(schema).parquet(str(tmp_path / "judged")))])
    persons = known.read(spark, spine, tmp_path / "known")
    there = opt_out.persons(opt_out.statements(everyone.sent_on_spark(landed)), numbers, persons)
    names = ["person", *opt_out.COLUMNS]
    found = sorted((tuple(row.values()) for row in here.select(names).to_pylist()), key=str)
    assert found == sorted((tuple(row) for row in there.select(*names).collect()), key=str) != []
    marked = opt_out_few.marked(landed.engine, spine, here, DAY).to_pylist()
    on_spark = [row.asDict() for row in opt_out.marked(persons, there, DAY).collect()]
    assert sorted(map(str, map(sorted, map(dict.items, marked)))) == sorted(
        map(str, map(sorted, map(dict.items, on_spark)))
    )


def test_a_day_that_only_spark_may_read_leaves_all_of_them_to_it(spark, tmp_path):
    submit(tmp_path, "opt-0", "nhs-england", opt_outs=[said(1, withdrawn_on="2021-1-1")])
    receipts = arrivals.held(tmp_path, [{"submission": "opt-0", "datasets": ["opt_outs"]}])
    landed = judging.Landed(spark, InProcess(), tmp_path, receipts, load_contracts(CONTRACTS))
    assert everyone.sent(landed) is None
    told = opt_out.statements(everyone.sent_on_spark(landed)).collect()
    assert [row["withdrawn_on"] for row in told] == [date(2021, 1, 1)]
