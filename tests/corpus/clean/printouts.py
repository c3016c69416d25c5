"""Harmless printouts of statistical programs: large groups, coefficients, notes, without anybody's value."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from spark_jobs.synthetic_names import CONDITIONS
from tests.corpus.model import Writing, by_second
from tests.corpus.world import World

_TERMS = ("age", "male", "imd", "copd", "diabetes")


def _estimates(random: Random, shape: str) -> list[str]:
    """Return a line for each term: its name, an estimate and a standard error."""
    return [shape.format(term, random.gauss(0, 0.5), random.uniform(0.01, 0.1)) for term in _TERMS]


def _stata_logit(world: World, random: Random) -> str:
    people = random.randrange(9_000, 80_000)
    head = (
        f". logit readmitted age male imd copd diabetes\n\nLogistic regression            Number of obs = {people:,}\n"
        f"                               LR chi2(5)    = {random.uniform(200, 900):.2f}\n"
        "  readmitted | Coefficient  Std. err.\n-------------+----------------------"
    )
    return "\n".join([head, *_estimates(random, "{:>12} |  {:>9.6f}  {:>9.6f}")])


def _stata_tabulate(world: World, random: Random) -> str:
    women, men = random.randrange(20_000, 30_000), random.randrange(20_000, 30_000)
    total = women + men
    return (
        ". tabulate sex\n\n        sex |      Freq.     Percent        Cum.\n"
        "------------+-----------------------------\n"
        f"     Female | {women:>10,} {100 * women / total:>11.2f} {100 * women / total:>11.2f}\n"
        f"       Male | {men:>10,} {100 * men / total:>11.2f}      100.00\n"
        f"------------+-----------------------------\n      Total | {total:>10,}      100.00"
    )


def _spss_frequencies(world: World, random: Random) -> str:
    rows = [f"  {band:<8}{random.randrange(2_000, 9_000):>7}" for band in ("18-39", "40-64", "65-79", "80+")]
    return "\n".join(["FREQUENCIES VARIABLES=ageband.\n\nageband   Frequency", *rows])


def _sas_means(world: World, random: Random) -> str:
    rows = [
        f"{name:<12}{random.randrange(9_000, 50_000):>8}{random.uniform(20, 140):>12.3f}{random.uniform(3, 20):>12.3f}"
        for name in ("bmi", "systolic", "egfr")
    ]
    return "\n".join(["The MEANS Procedure\n\nVariable           N        Mean     Std Dev", *rows])


def _sas_notes(world: World, random: Random) -> str:
    people = random.randrange(20_000, 90_000)
    return (
        f"NOTE: There were {people} observations read from the data set WORK.COHORT.\n"
        f"NOTE: The data set WORK.RATES has 120 observations and 6 variables.\n"
        f"NOTE: DATA statement used (Total process time):\n"
        f"      real time           0.{random.randrange(10, 99)} seconds"
    )


def _r_str(world: World, random: Random) -> str:
    held = " ".join(str(random.randrange(900, 9_000)) for _ in range(5))
    return (
        "'data.frame':\t5 obs. of  2 variables:\n"
        f' $ band  : chr  "0-17" "18-39" "40-64" "65-79" "80+"\n $ people: int  {held}'
    )


def _r_dput(world: World, random: Random) -> str:
    held = ", ".join(f"{term} = {random.gauss(0, 0.5):.4f}" for term in _TERMS)
    return f"> dput(coef(fit))\nc(`(Intercept)` = -2.31, {held})"


def _r_tibble(world: World, random: Random) -> str:
    rows = [
        f"{place} {band:<8}{random.randrange(900, 9_000):>7}{random.randrange(40, 400):>7}"
        for place, band in enumerate(("0-17", "18-39", "40-64", "65-79", "80+"), 1)
    ]
    return "\n".join(["# A tibble: 5 x 3\n  band     people events\n  <chr>     <int>  <int>", *rows])


def _r_cox(world: World, random: Random) -> str:
    people, events = random.randrange(20_000, 50_000), random.randrange(2_000, 5_000)
    rows = _estimates(random, "{:<10}{:>9.5f}{:>9.5f}  <2e-16 ***")
    return "\n".join(
        ["coxph(formula = Surv(days, died) ~ ., data = cohort)", f"  n= {people}, number of events= {events}", *rows]
    )


def _r_session(world: World, random: Random) -> str:
    return (
        "R version 4.5.1 (2025-06-13)\nPlatform: x86_64-pc-linux-gnu\nLocale: en_GB.UTF-8\nattached base packages:\n"
        "[1] stats graphics grDevices utils\nother attached packages:\n"
        f"[1] survival_3.8-{random.randrange(9)} dplyr_1.1.4"
    )


def _r_quartiles(world: World, random: Random) -> str:
    middle = random.uniform(40, 60)
    asked = "> quantile(age, c(.25, .5, .75))  # n = 41,233\n 25%  50%  75%"
    return f"{asked}\n{middle - 14:.1f} {middle:.1f} {middle + 13:.1f}"


def _rule(world: World, random: Random) -> str:
    return (
        f"IF age_band = 80+ AND frailty = severe THEN readmitted (support {random.randrange(400, 2_000):,}, "
        f"confidence 0.{random.randrange(30, 60)})"
    )


def _rpart(world: World, random: Random) -> str:
    left = random.randrange(3_000, 5_000)
    return (
        f"n= 8247\n\nnode), split, n, deviance, yval\n\n 1) root 8247 911.20 0.1230\n"
        f"   2) age< 72.5 {left} 402.11 0.0921 *\n   3) age>=72.5 {8247 - left} 466.09 0.1544 *"
    )


def _shap(world: World, random: Random) -> str:
    held = ", ".join(f"{term} {random.uniform(0.01, 0.4):.3f}" for term in _TERMS)
    return f"Mean absolute SHAP values over 8,247 people: {held}"


def _value_counts(world: World, random: Random) -> str:
    rows = [f"{name:<36}{random.randrange(300, 9_000)}" for name in random.sample(list(CONDITIONS), 4)]
    return "\n".join([">>> frame['condition'].value_counts()\ncondition", *rows, "Name: count, dtype: int64"])


def _lines(technique: str, write: Callable[[World, Random], str]) -> Writing:
    return Writing(technique, write, lines=True)


PRINTOUTS = by_second(
    _lines("Stata, a logistic regression", _stata_logit),
    _lines("Stata, a table of large groups", _stata_tabulate),
    _lines("SPSS, frequencies", _spss_frequencies),
    _lines("SAS, means without extremes", _sas_means),
    _lines("SAS, a log's notes", _sas_notes),
    _lines("R, the structure of a table of counts", _r_str),
    _lines("R, dput of coefficients", _r_dput),
    _lines("R, a printed tibble of counts", _r_tibble),
    _lines("R, a Cox regression", _r_cox),
    _lines("R, session information", _r_session),
    _lines("R, quartiles of a large group", _r_quartiles),
    Writing("a decision rule of a large group", _rule),
    _lines("rpart, large leaves", _rpart),
    Writing("mean absolute SHAP values", _shap),
    _lines("pandas, value counts of conditions", _value_counts),
)
