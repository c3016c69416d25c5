"""Harmless texts beside analyses and disguises: large groups, levels, codes, sequences and schedules."""

from __future__ import annotations

import base64
import json
import unicodedata
from random import Random
from uuid import UUID

from tests.corpus.model import Writing, by_third
from tests.corpus.world import World

_REGIONS = ("East", "London", "Midlands", "North East", "North West", "South East", "South West", "Yorkshire")
_VIRIDIS = ("#440154", "#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0da39", "#fde725")


def _survival(world: World, random: Random) -> str:
    at_risk, survival, rows = random.randrange(9_000, 12_000), 1.0, []
    for year in range(1, 8):
        died = random.randrange(200, 400)
        survival *= 1 - died / at_risk
        rows.append(f"{365 * year:>5}{at_risk:>8}{died:>8}{survival:>10.4f}{0.0021:>9.4f}")
        at_risk -= died + random.randrange(100, 300)
    head = "> summary(survfit(Surv(days, died) ~ 1), times = 365 * 1:7)\n time  n.risk n.event  survival  std.err"
    return "\n".join([head, *rows])


def _odds(world: World, random: Random) -> str:
    odds = random.uniform(1.1, 1.9)
    return (
        f"Odds ratio {odds:.2f} (95% CI {odds * 0.94:.2f} to {odds * 1.06:.2f}); exposed cases 2,310, unexposed cases "
        f"1,984, exposed controls 18,210, unexposed controls {random.randrange(18_000, 22_000):,}"
    )


def _table(world: World, random: Random) -> str:
    rows = [f"  {name:<12}{random.randrange(9_000, 20_000):>7}{random.randrange(300, 900):>6}" for name in _REGIONS[:4]]
    return "\n".join(["> table(d$region, d$died)\n\n                 no   yes", *rows])


def _effects(world: World, random: Random) -> str:
    rows = [f"{name:<12}{random.gauss(0, 0.2):>10.6f}" for name in _REGIONS]
    return "\n".join(["> ranef(fit)$region\n            (Intercept)", *rows])


def _levels(world: World, random: Random) -> str:
    rows = [
        f"factor(region){name:<12}  {random.gauss(0, 0.2):>8.4f}  {random.uniform(0.01, 0.04):.4f}" for name in _REGIONS
    ]
    return "\n".join(["Coefficients:\n                           Estimate  Std. Error", *rows])


def _processed(world: World, random: Random) -> str:
    valid, missing = random.randrange(30_000, 60_000), random.randrange(500, 900)
    total = valid + missing
    return (
        "Case Processing Summary\n            N   Percent\n"
        f"Valid    {valid:>6}    {100 * valid / total:.1f}%\nMissing  {missing:>6}     {100 * missing / total:.1f}%\n"
        f"Total    {total:>6}    100.0%"
    )


def _path(world: World, random: Random) -> str:
    return (
        f"|--- age <= 66.50\n|   |--- class: 0  (samples: {random.randrange(4_000, 9_000)})\n|--- age >  66.50\n"
        f"|   |--- class: 1  (samples: {random.randrange(2_000, 4_000)})"
    )


def _graph(world: World, random: Random) -> str:
    left, right = random.randrange(2_000, 3_000), random.randrange(1_000, 2_000)
    return (
        f'digraph Tree {{\n0 [label="age <= 66.5\\nsamples = {left + right}"] ;\n1 [label="samples = {left}"] ;\n'
        f'0 -> 1 ;\n2 [label="samples = {right}"] ;\n0 -> 2 ;\n}}'
    )


def _passed(world: World, random: Random) -> str:
    people = random.randrange(30_000, 60_000)
    held = {"expectation": "values between", "column": "bmi", "success": True, "element_count": people}
    return json.dumps({**held, "unexpected_count": 0, "missing_count": people // 50})


def _integrity(world: World, random: Random) -> str:
    digest = base64.b64encode(random.randbytes(64)).decode()
    return f'"lodash": {{"version": "4.17.21", "integrity": "sha512-{digest}"}}'


def _runs(world: World, random: Random) -> str:
    return "runs: " + " ".join(str(UUID(int=random.getrandbits(128), version=4)) for _ in range(4))


def _schema(world: World, random: Random) -> str:
    inner = json.dumps({"type": "object", "properties": {"age_band": {"type": "string"}, "n": {"type": "integer"}}})
    return json.dumps({"schema": inner, "version": random.randrange(2, 9)})


def _accents(world: World, random: Random) -> str:
    return unicodedata.normalize("NFD", "Poincaré, naïve Bayes, Šidák and Erdős–Rényi are written with accents")


WORKINGS = by_third(
    Writing("R, a survival curve of thousands", _survival, lines=True),
    Writing(
        "many of so many in a sentence",
        lambda world, random: f"Of 41,233 adults, {random.randrange(2_000, 3_000):,} died within a year of discharge.",
    ),
    Writing(
        "percentages of thousands",
        lambda world, random: f"Of 9,412 respondents, {random.uniform(2, 9):.1f}% were carers and 31.2% lived alone.",
    ),
    Writing("an odds ratio of large groups", _odds),
    Writing(
        "mean cost of thousands",
        lambda world, random: (
            f"Mean cost was £{random.randrange(4_000, 5_000):,} (n = 41,233); the dearest tenth made up 38%."
        ),
    ),
    Writing(
        "who was eligible",
        lambda world, random: "Adults aged 18 to 110 years were eligible; follow-up ended at 3,652 days at the latest.",
    ),
    Writing("R, a table with large cells", _table, lines=True),
    Writing("R, an effect for each region", _effects, lines=True),
    Writing("R, coefficients named by region", _levels, lines=True),
    Writing(
        "Stata, a code book's bands",
        lambda world, random: (
            f". codebook ageband\n\n  type:  string (str5)\n  unique values:  {random.randrange(4, 9)}\n  examples:\n"
            '                          "18-39"\n                          "40-64"'
        ),
        lines=True,
    ),
    Writing(
        "SAS, a statement's error",
        lambda world, random: (
            f"ERROR 22-322: Syntax error in line {random.randrange(40, 90)}, expecting one of the following: ;, (, "
            "DATA, LAST, NOBS.\nNOTE: The SAS System stopped processing this step because of errors."
        ),
        lines=True,
    ),
    Writing("SPSS, a case processing summary", _processed, lines=True),
    Writing(
        "SQL, codes listed one by one",
        lambda world, random: "SELECT AVG(los) FROM stays WHERE icd10 IN ('E110', 'E119', 'I48X', 'I500', 'J440')",
    ),
    Writing(
        "SQL, a case of bands",
        lambda world, random: "CASE WHEN age < 18 THEN '0-17' WHEN age < 65 THEN '18-64' ELSE '65+' END AS age_band",
    ),
    Writing("scikit-learn, a tree's path to thousands", _path, lines=True),
    Writing("Graphviz, leaves of thousands", _graph, lines=True),
    Writing(
        "a topic's words without names",
        lambda world, random: (
            f"topic {random.randrange(2, 20)}: metformin insulin clinic review foot eye pressure diet"
        ),
    ),
    Writing(
        "a language model's perplexity",
        lambda world, random: (
            f"perplexity {random.uniform(8, 14):.2f} on 1.2 million held-out tokens; no canary repeated"
        ),
    ),
    Writing(
        "a prompt without a note",
        lambda world, random: "Label each note as COPD, angina or neither. Answer with the label alone.\nNote: {note}",
        lines=True,
    ),
    Writing(
        "a progress bar of batches",
        lambda world, random: (
            f"Epoch {random.randrange(2, 9)}:  43%|####3     | 430/1000 [02:11<02:54, 3.27it/s, loss=0.31]"
        ),
    ),
    Writing("a check that passed", _passed),
    Writing(
        "match weights by agreement",
        lambda world, random: (
            f"Weights: surname agrees {random.uniform(6, 9):.1f}, disagrees -4.1; birth agrees 8.2; postcode agrees 9.7"
        ),
    ),
    Writing(
        "a test's bands",
        lambda world, random: (
            f"tests/test_bands.py::test_bands[40-64-female-2025] PASSED [ {random.randrange(10, 99)}%]"
        ),
    ),
    Writing(
        "a transfer's tables",
        lambda world, random: (
            f"tables/rates_by_region_2025.csv      100%   {random.randrange(9, 90)}KB   1.2MB/s   00:00"
        ),
    ),
    Writing(
        "a warning about types",
        lambda world, random: (
            f"DtypeWarning: Columns (3,{random.randrange(4, 20)}) have mixed types. Specify dtype option on import."
        ),
    ),
    Writing(
        "primers of a gene",
        lambda world, random: ">RPL13A_F\nCCTGGAGGAGAAGAGGAAAGAGA\n>RPL13A_R\nTTGAGGACCTCTGTGTATTTGTCAA",
        lines=True,
    ),
    Writing(
        "a protein's sequence",
        lambda world, random: (
            ">sp|P01308|INS_HUMAN Insulin\nMALWMRLLPLLALLALWGPDPAAAFVNQHLCGSHLVEALYLVCGERGFFYTPKTRREAEDLQVGQVELGGG"
        ),
        lines=True,
    ),
    Writing(
        "a medicine's structure",
        lambda world, random: "paracetamol: CC(=O)Nc1ccc(O)cc1, InChIKey RZVAJINKPMORJF-UHFFFAOYSA-N, ATC N02BE01",
    ),
    Writing("a scale of colours", lambda world, random: "palette = " + ", ".join(f'"{held}"' for held in _VIRIDIS)),
    Writing(
        "documentation's network addresses",
        lambda world, random: f"nodes: 2001:db8::{random.randrange(1, 99)}, 2001:db8:0:1::5, 192.0.2.7, 198.51.100.4",
    ),
    Writing("identifiers of four runs", _runs),
    Writing("a token's place", lambda world, random: "Authorization: Bearer $TOKEN; tokens are read from the vault"),
    Writing(
        "permissions in octal",
        lambda world, random: "chmod 0640 results; umask 027; colours are \\033[31m and \\033[0m in the terminal",
    ),
    Writing(
        "a heading in capitals and small letters",
        lambda world, random: (
            "Rates Of Emergency Admission By Quintile Of Deprivation, TABLE 2, SI Units And ICD Codes"
        ),
    ),
    Writing(
        "headings in Arabic and Hebrew", lambda world, random: "الصحة العامة (public health), בריאות הציבור, صحت عامہ"
    ),
    Writing("accents written apart", _accents),
    Writing("blood groups in squares", lambda world, random: "Groups 🅰 38%, 🅱 11%, 🆎 4% and 🅾 47% of 41,233 donors"),
    Writing("a schema in a string", _schema),
    Writing("a package's integrity", _integrity),
    Writing(
        "schedules of a machine",
        lambda world, random: f"{random.randrange(60)} 2 * * 1-5 make tables; 0 4 1 */3 * make report; @weekly prune",
    ),
    Writing(
        "an equation in LaTeX",
        lambda world, random: r"\log \lambda_i = \alpha + \beta_1 x_{i1} + u_{j[i]}, \quad u_j \sim N(0, \sigma^2)",
    ),
)
