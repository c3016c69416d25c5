"""A safe table, with the members of its cells for the airlock alone."""

from __future__ import annotations

from dataclasses import asdict

from tre.config.options import load
from tre.keys.custody import custody
from tre.projects.disclosure import rules_of
from tre.projects.specification import PSEUDONYM_KEY, keys
from tre.runs.attested.kinds.work import Made, Output, Work
from tre.runs.runner import run_job

MEMBERS_KEY = "airlock-members"


def carry_out(work: Work) -> Made:
    """Make the table under the project's own rules; see :mod:`spark_jobs.aggregate`."""
    out, project = work.folder / "out", work.run.project
    out.mkdir(mode=0o700)
    rules = rules_of(project)
    asked = {**work.run.spec, "profile": rules.profile, "tighten": rules.figures}
    request = {**work.extract("aggregate"), **asked, "warehouse": str(load().path("warehouse")), "out": str(out)}
    secret = {
        PSEUDONYM_KEY: keys(project, work.run.extract.manifest["specification"])[PSEUDONYM_KEY],
        MEMBERS_KEY: custody().derive(MEMBERS_KEY),
    }
    people = load().path("warehouse", "people")
    told = run_job(
        "aggregate", request, secret, progress=work.tell, unwanted=work.unwanted, shown=work.shown(people)
    )  # fmt: skip
    return Made([Output("table.csv", out / "table.csv", out / "members")], {"rules": asdict(rules), "table": told})
