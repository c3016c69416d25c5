"""Harmless things that programs leave behind: errors, tests, query results and settings without anybody in them."""

from __future__ import annotations

import json
from random import Random

from tests.corpus.model import Writing, by_second
from tests.corpus.world import World


def _traceback(world: World, random: Random) -> str:
    return (
        f'Traceback (most recent call last):\n  File "fit.py", line {random.randrange(20, 300)}, in fit\n'
        "    model.fit(x, y)\nValueError: Input contains NaN. Row index withheld."
    )


def _assertion(world: World, random: Random) -> str:
    people, more = random.randrange(20_000, 90_000), random.randrange(20, 400)
    return f"E   AssertionError: assert {people} == {people + more}\nE    +  where {people} = len(cohort)"


def _doctest(world: World, random: Random) -> str:
    return ">>> band(67)\n'65-79'\n>>> rounded(1234, to=5)\n1235\n>>> suppress(4)\n'[c]'"


def _grid(world: World, random: Random) -> str:
    rule = "+----------+---------+--------+"
    rows = [
        f"| {band:<8} | {random.randrange(2_000, 9_999):>7} | {random.randrange(40, 400):>6} |"
        for band in ("0-17", "18-64", "65+")
    ]
    return "\n".join([rule, "| age_band | people  | events |", rule, *rows, rule, "3 rows in set (0.41 sec)"])


def _expanded(world: World, random: Random) -> str:
    records = (
        f"-[ RECORD {place} ]----\nregion | {region}\npeople | {random.randrange(20_000, 90_000)}"
        for place, region in enumerate(("North", "Midlands", "South"), 1)
    )
    return "\n".join(records)


def _constraint(world: World, random: Random) -> str:
    return (
        'ERROR:  column "age_bnad" does not exist\nLINE 3: GROUP BY age_bnad, sex\n'
        'HINT:  Perhaps you meant to reference the column "cohort.age_band".'
    )


def _request(world: World, random: Random) -> str:
    body = json.dumps({"measure": "admissions", "by": ["age_band", "sex"], "year": 2024})
    return json.dumps({"level": "debug", "msg": "POST /v1/table", "body": body, "ms": random.randrange(20, 900)})


def _patch(world: World, random: Random) -> str:
    changed = "-    0, 18, 45, 65, 120,\n+    0, 18, 40, 65, 80, 120,"
    return f"--- a/bands.py\n+++ b/bands.py\n@@ -3,3 +3,3 @@\n BANDS = [\n{changed}\n ]"


def _environment(world: World, random: Random) -> str:
    return f"TZ=Europe/London\nOMP_NUM_THREADS=4\nDATA_DIR=/data/admitted_care\nRANDOM_SEED={random.randrange(10**6)}"


def _query(world: World, random: Random) -> str:
    return f"GET /rates?by=age_band&sex=F&from=2023-04-01&to=2024-03-31&page={random.randrange(2, 40)} HTTP/1.1"


def _fixture(world: World, random: Random) -> str:
    return (
        f"- model: rates.band\n  pk: {random.randrange(1, 40)}\n  fields:\n"
        "    label: 65 to 79\n    lower: 65\n    upper: 79\n"
        "    standard_population: 14500"
    )


def _markup(world: World, random: Random) -> str:
    return f'<rate sex="F" band="65-79"><people>{random.randrange(2_000, 9_000)}</people><per1000>31.2</per1000></rate>'


def _history(world: World, random: Random) -> str:
    first = random.randrange(300, 900)
    return f"  {first}  git pull --rebase\n  901  python -m rates | tee rates.log\n  902  wc -l rates.log"


def _servers(world: World, random: Random) -> str:
    first, second = random.randrange(2, 120), random.randrange(121, 250)
    return f"Workers 10.41.7.{first} and 10.41.7.{second} answered; spark.driver.host=10.41.7.1"


def _scanner(world: World, random: Random) -> str:
    return (
        f"Scanner: MAGNETOM Vida 3T, serial {random.randrange(100_000, 200_000)}, software XA50; phantom scanned weekly"
    )


def _commit(world: World, random: Random) -> str:
    return f"Fix overflow in the rate of practices with no list size (closes #{random.randrange(20, 900)})"


def _repr(world: World, random: Random) -> str:
    seed = random.randrange(9_999)
    return f"Settings(threshold=10, bands=(0, 18, 40, 65, 80), start=datetime.date(2023, 4, 1), seed={seed})"


def _bullets(world: World, random: Random) -> str:
    return "### Checked by hand\n- [x] **Table 1**: adds up\n- [x] **Figure 2**: starts at 0\n- [ ] **Annex B**"


def _cached(world: World, random: Random) -> str:
    return f"cache hit key=table:age_band:sex:2024 ttl=3600 shard={random.randrange(1, 9)}"


TRACES = by_second(
    Writing("a traceback without data", _traceback, lines=True),
    Writing("an assertion about a large count", _assertion, lines=True),
    Writing("a doctest of bands", _doctest, lines=True),
    Writing("a SQL client's grid of counts", _grid, lines=True),
    Writing("psql, expanded counts", _expanded, lines=True),
    Writing("a query's error without values", _constraint, lines=True),
    Writing("a request for a table in a log", _request),
    Writing("a patch of age bands", _patch, lines=True),
    Writing("settings of a run", _environment, lines=True),
    Writing("a web address that asks for rates", _query),
    Writing("a fixture of an age band", _fixture, lines=True),
    Writing("an XML rate", _markup),
    Writing("a shell's history of a run", _history, lines=True),
    Writing("addresses of machines", _servers),
    Writing("a scanner's serial number", _scanner, fair="review"),
    Writing("a commit's message", _commit),
    Writing("the repr of settings", _repr),
    Writing("a Markdown list of checks", _bullets, lines=True),
    Writing("a cache's key for a table", _cached),
)
