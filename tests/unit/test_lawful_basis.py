"""When the national data opt-out applies, which lawful bases there are, and what makes an extract stale."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tests.factories import ANSWERED, agreed, decided, person, project
from tre.audit.models import Entry
from tre.catalogue.services import marks, write_build
from tre.errors import Refused
from tre.projects import jobs
from tre.projects.domain import check_approvable
from tre.projects.lawful_basis import (
    ARTICLE_6,
    ARTICLE_9,
    CommonLaw,
    LawfulBasis,
    Use,
    check_one_use,
    national_opt_out_applies,
)
from tre.projects.services import ask_for_extract, create_project, stale

APPLIES = """
                 research  planning  direct_care
consent          no        no        no
s251             yes       yes       no
s251_exempt      no        no        no
legal_duty       no        no        no
public_interest  no        no        no
not_applicable   yes       yes       no
"""


def test_when_the_national_opt_out_applies_is_this_table():
    (uses, *rows) = (line.split() for line in APPLIES.strip().splitlines())
    assert sorted(uses) == sorted(Use)
    assert sorted(row[0] for row in rows) == sorted(CommonLaw)
    for common_law, *answers in rows:
        for use, answer in zip(uses, answers, strict=True):
            basis = LawfulBasis(use=use, common_law=common_law)
            assert basis.national_opt_out_applies() == (answer == "yes"), (use, common_law)


EXEMPT = LawfulBasis(common_law="consent", decision="REC 26/WM/0001")


@pytest.mark.parametrize(
    ("bases", "applies"),
    [
        ([], True),
        ([LawfulBasis()], True),
        ([EXEMPT], False),
        ([EXEMPT, EXEMPT], False),
        ([EXEMPT, LawfulBasis()], True),  # one that is not exempt decides for the whole extract
    ],
)
def test_an_extract_is_exempt_only_when_each_agreement_is(bases, applies):
    assert national_opt_out_applies(bases) == applies


@pytest.mark.parametrize("common_law", ["consent", "s251_exempt", "legal_duty", "public_interest"])
@pytest.mark.parametrize("decision", ["", "  "])
def test_what_sets_the_opt_out_aside_says_by_what_decision(common_law, decision):
    with pytest.raises(Refused, match="by what decision"):
        LawfulBasis(common_law=common_law, decision=decision).check("people")
    LawfulBasis(common_law=common_law, decision="CAG 26/0001").check("people")


ALLOWED = {
    "research": {"", "9(2)(a)", "9(2)(g)", "9(2)(i)", "9(2)(j)"},
    "planning": {"", "9(2)(a)", "9(2)(g)", "9(2)(h)", "9(2)(i)"},
    "direct_care": {"", "9(2)(a)", "9(2)(c)", "9(2)(h)"},
}


@pytest.mark.parametrize("use", sorted(Use))
@pytest.mark.parametrize("article", sorted(ARTICLE_9))
def test_which_basis_of_article_9_goes_with_which_use(use, article):
    basis = LawfulBasis(use=use, article_9=article)
    if article in ALLOWED[use]:
        basis.check("people")
    else:
        with pytest.raises(Refused, match="no basis for"):
            basis.check("people")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [({"use": "sale"}, "use"), ({"article_6": "6(1)(z)"}, "article 6"), ({"article_9": "9"}, "article 9"),
     ({"common_law": "custom"}, "common-law")],
)  # fmt: skip
def test_a_basis_that_is_none_is_refused(wrong, told):
    with pytest.raises(Refused, match=told):
        replace(LawfulBasis(), **wrong).check("people")
    assert set(ARTICLE_6) == {f"6(1)({letter})" for letter in "abcdef"}


def test_a_project_has_one_use():
    planning = LawfulBasis(use="planning", article_9="9(2)(h)")
    check_one_use([("people", planning), ("deaths", planning)])
    with pytest.raises(Refused, match="different uses"):
        check_one_use([("people", planning), ("deaths", LawfulBasis())])
    ends = agreed().ends
    with pytest.raises(Refused, match="by what decision"):
        check_approvable("why", 1, agreed().starts, ends, [agreed(basis=replace(EXEMPT, decision=""))])


def built(digest: str, opt_outs: int) -> None:
    """Write down a build whose opt-outs are of this version."""
    tables = [{"dataset": name, "version": opt_outs, "rows": 40} for name in ("people", "opt_outs")]
    result = {
        "tables": tables, "linkage": None, "model": None, "shared": [], "doubtful": [], "quarantine": [],
        "measures": [], "faults": [], "opted_out": 20,
        "filters": {"kinds": {}, "false_positive_rate": 0.0},
    }  # fmt: skip
    write_build(result, digest, "data-manager", marks())


def manifest(spec: dict) -> dict:
    applied = {name: spec["opt_outs"][name] for name in ("version", "national")}
    return {"persons": 20, "tables": [], "opt_outs": applied, "risk": {"below": False}}


@pytest.fixture
def asked(monkeypatch) -> list[dict]:
    """Stand in for the data plane; hold what it was asked to do."""
    specs: list[dict] = []

    def run_job(name: str, spec: dict, keys: dict, progress: object = None) -> dict:
        specs.append(spec)
        Path(spec["out"]).mkdir(parents=True, exist_ok=True)
        return manifest(spec)

    monkeypatch.setattr(jobs, "run_job", run_job)
    return specs


def provisioned(code: str = "frailty"):
    extract = ask_for_extract(code, person("data-manager", "data_manager"))
    jobs.provision({"extract": extract.pk})
    extract.refresh_from_db()
    return extract


@pytest.mark.django_db
def test_a_change_of_opt_outs_makes_an_extract_stale_once_in_the_log_and_a_new_one_is_not(asked, client):
    project("frailty", person("researcher", "researcher").username)
    built("a" * 64, 0)
    first = provisioned()
    assert not stale(first)
    built("b" * 64, 0)  # other submissions, the same opt-outs
    assert not stale(first)
    assert not Entry.objects.filter(event="projects.extract_stale").exists()
    built("c" * 64, 1)
    built("d" * 64, 1)
    assert stale(first)
    entry = Entry.objects.get(event="projects.extract_stale")
    assert entry.subject == "project:frailty"
    assert entry.data == {"extract": 1, "opt_outs": 1}
    assert not stale(provisioned())
    told = Entry.objects.filter(event="projects.provisioned").latest("number")
    assert told.data["opt_outs"] == {"version": 1, "national": True}


@pytest.mark.django_db
def test_an_extract_from_before_there_were_registers_is_stale(asked):
    project("frailty", person("researcher", "researcher").username)
    built("a" * 64, 0)
    extract = provisioned()
    extract.manifest = {}
    assert stale(extract)


@pytest.mark.django_db
@pytest.mark.parametrize(("basis", "applies"), [(LawfulBasis(), True), (EXEMPT, False)])
def test_the_basis_that_was_agreed_decides_what_the_job_is_asked(asked, basis, applies):
    built("a" * 64, 0)
    researcher = person("researcher", "researcher").username
    told = {"code": "consented", "title": "t", "purpose": "why", "cohort": "", "actor": "test", "told": ANSWERED}
    terms = agreed(basis=basis)
    made = create_project(**told, starts=terms.starts, ends=terms.ends, members=[researcher], agreements=[terms])
    kept = decided(made).agreements.get()
    assert kept.agreed().basis == basis
    provisioned("consented")
    pinned = {"version": 0, "people": 0, "day": date.today().isoformat(), "national": applies}
    assert [spec["opt_outs"] for spec in asked] == [pinned]
