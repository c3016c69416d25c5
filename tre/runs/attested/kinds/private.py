"""A private question: noisy numbers of persons, whose price was reserved when it was asked.

The job looks at no row before it knows that the question fits its table. Cut off, it runs again under the same spend:
of its first answer nobody saw anything.
"""

from __future__ import annotations

from tre.privacy.models import Spend
from tre.runs.attested.kinds.work import Made, Output, Work
from tre.runs.attested.money import spends_of
from tre.runs.attested.public import told_public
from tre.runs.runner import run_job

ANSWERS = ("answer.json", "answer.csv")


def carry_out(work: Work) -> Made:
    """Answer the question; see :mod:`spark_jobs.private`."""
    out = work.folder / "out"
    out.mkdir(mode=0o700)
    spend = spends_of(work.run).exclude(state=Spend.State.REFUNDED).get()
    public = told_public("private", work.run.spec, work.run.extract.manifest["tables"])
    request = {
        **work.extract("private"), "query": work.run.spec["query"], "noise": spend.mechanism["noise"], "out": str(out),
        "public": public,
    }  # fmt: skip
    told = run_job("private", request, progress=work.tell, unwanted=work.unwanted, shown=work.shown())
    paid = {"spend": spend.pk, "epsilon": str(spend.epsilon), "delta": str(spend.delta), "mechanism": spend.mechanism}
    return Made([Output(name, out / name) for name in ANSWERS], {**paid, **told, "public": public})
