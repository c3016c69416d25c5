"""What statistical programs print of single people: Stata, SPSS, SAS, R and Python, and rules that name one of them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pandas as pd

from spark_jobs.synthetic_names import CONDITIONS
from spark_jobs.synthetic_people import AS_OF, Person, area_code
from tests.corpus.families import NAMES, PERSON, RECORDS, STATISTICS
from tests.corpus.model import Writing, by_second
from tests.corpus.world import World, hospital_number


def _rows(
    world: World, random: Random, count: int, row: Callable[[int, Person], str], head: str, foot: str = ""
) -> str:
    """Return a head, a line for each of so many people (numbered from 1) and a foot."""
    lines = [row(place, who) for place, who in enumerate(world.persons(random, count), 1)]
    return "\n".join([head, *lines, *([foot] if foot else [])])


def _age(who: Person) -> int:
    return int(who.age(AS_OF))


def _stata_list(world: World, random: Random) -> str:
    def row(place: int, who: Person) -> str:
        return f"{place:>4}. | {who.nhs_number}   {_age(who):>3}   {who.sex}   {random.uniform(40, 110):5.1f} |"

    rule = "     +---------------------------------+"
    head = f". list nhsno age sex hba1c in 1/6\n\n{rule}\n     |      nhsno   age   sex   hba1c |"
    return _rows(world, random, 6, row, head, rule)


def _stata_detail(world: World, random: Random) -> str:
    """Return Stata's `summarize, detail`: its four smallest and four largest values are single people's."""
    low = sorted(random.sample(range(18, 29), 4))
    high = sorted(random.sample(range(96, 109), 4))
    shares = ("1%", "5%", "10%", "25%", "75%", "90%", "95%", "99%")
    middle = (21, 27, 33, 48, 74, 83, 88, 94)
    ends = [*low, *high]
    lines = [f"{share:>4} {value:>10} {end:>14}" for share, value, end in zip(shares, middle, ends, strict=True)]
    return "\n".join([". summarize age, detail", "      Percentiles      Smallest", *lines[:4],
                      " 50%         61        Largest", *lines[4:]])  # fmt: skip


def _stata_tabulate(world: World, random: Random) -> str:
    few, many = random.randrange(1, 5), random.randrange(400, 900)
    return (
        ". tabulate ethnicity died\n\n           |         died\n ethnicity |         0          1 |     Total\n"
        f"-----------+----------------------+----------\n     Arab  | {many - few:>9} {few:>10} | {many:>9}\n"
        f"     White | {8 * many:>9} {many // 3:>10} | {8 * many + many // 3:>9}"
    )


def _spss_extremes(world: World, random: Random) -> str:
    def row(place: int, who: Person) -> str:
        return f"  LOS  Highest  {place}  {random.randrange(1, 9_000):>5}  {hospital_number(who)}  {240 - 7 * place}"

    return _rows(world, random, 5, row, "EXAMINE VARIABLES=los /ID=mrn.\n\nExtreme Values\n  Case Number  mrn  Value")


def _sas_print(world: World, random: Random) -> str:
    def row(place: int, who: Person) -> str:
        return f"{place:>5}    {who.surname:<14}{who.birth:%d%b%Y}    {who.sex}    {who.postcode}".upper()

    head = "The SAS System        10:14 Monday, June 1, 2026\n\n  Obs    SURNAME       DOB          SEX  POSTCODE"
    return _rows(world, random, 8, row, head)


def _sas_extremes(world: World, random: Random) -> str:
    low, high = sorted(random.sample(range(8, 20), 5)), sorted(random.sample(range(55, 90), 5))
    rows = (
        f"    {left:>5}  {random.randrange(1, 9_000):>5}      {right:>5}  {random.randrange(1, 9_000):>5}"
        for left, right in zip(low, high, strict=True)
    )
    head = "The UNIVARIATE Procedure\nVariable: bmi\n\n     Extreme Observations\n   ---Lowest---      ---Highest---"
    return "\n".join([head, "    Value    Obs      Value    Obs", *rows])


def _r_str(world: World, random: Random) -> str:
    people = world.persons(random, 4)
    number = " ".join(f'"{who.nhs_number}"' for who in people)
    born = " ".join(f'"{who.birth}"' for who in people)
    ages = " ".join(str(_age(who)) for who in people)
    return (
        f"'data.frame':\t4120 obs. of  3 variables:\n $ nhs: chr  {number} ...\n $ dob: Date, format: {born} ...\n"
        f" $ age: int  {ages} ..."
    )


def _r_dput(world: World, random: Random) -> str:
    people = world.persons(random, 14)
    names = ", ".join(f'"{who.forename} {who.surname}"' for who in people)
    ages = ", ".join(f"{_age(who)}L" for who in people)
    sex = ", ".join(f"{who.sex}L" for who in people)
    return (
        f"structure(list(name = c({names}), age = c({ages}), sex = structure(c({sex}), levels = "
        f'c("M", "F"), class = "factor")), class = "data.frame", row.names = c(NA, -14L))'
    )


def _r_data_table(world: World, random: Random) -> str:
    def row(place: int, who: Person) -> str:
        shown = place if place < 4 else 9_997 + place
        return f"{shown:>6}: {who.postcode:<9}{who.birth}   {random.choice('FM')}  {random.randrange(40):>3}"

    held = _rows(world, random, 6, row, "        postcode        born sex  los").split("\n")
    return "\n".join([*held[:4], "    ---", *held[4:]])


def _r_tibble(world: World, random: Random) -> str:
    def row(place: int, who: Person) -> str:
        return f"{place:>2} {who.forename:<11}{who.surname:<13}{_age(who):>5}  {random.choice(list(CONDITIONS))}"

    head = "# A tibble: 1,204 x 4\n   forename   surname        age  condition\n   <chr>      <chr>        <int>  <chr>"
    return _rows(world, random, 10, row, head, "# i 1,194 more rows")


def _r_summary(world: World, random: Random) -> str:
    low, high = random.uniform(11, 13), random.uniform(70, 84)
    return (
        "> summary(cohort$bmi)\n   Min. 1st Qu.  Median    Mean 3rd Qu.    Max.\n"
        f"  {low:.2f}   23.10   26.80   27.44   30.92   {high:.2f}"
    )


def _r_outliers(world: World, random: Random) -> str:
    values = " ".join(f"{random.uniform(180, 420):.1f}" for _ in range(17))
    return f"> boxplot.stats(crp)$out\n [1] {values}"


def _r_residuals(world: World, random: Random) -> str:
    rows = []
    for start in range(1, 64, 7):
        places = range(start, start + 7)
        rows += ["".join(f"{place:>12}" for place in places), "".join(f"{random.gauss(0, 9):>12.7f}" for _ in places)]
    return "\n".join(["> residuals(fit)", *rows])


def _r_leverage(world: World, random: Random) -> str:
    def row(place: int, who: Person) -> str:
        return f"{hospital_number(who)}  {9 / place:8.4f}  {random.random() / 4000:.3e}  {random.random():.4f}"

    return _rows(world, random, 5, row, "> car::outlierTest(fit)\n             rstudent  p-value    Bonferroni p")


def _pandas_counts(world: World, random: Random) -> str:
    def row(place: int, who: Person) -> str:
        return f"{who.forename + ' ' + who.surname:<24}{9 - place}"

    return _rows(world, random, 7, row, ">>> frame['full_name'].value_counts()\nfull_name", "Name: count, dtype: int64")


def _pandas_row(world: World, random: Random) -> str:
    who = world.person(random)
    row = pd.Series(
        {"nhs_number": who.nhs_number, "born": who.birth, "postcode": who.postcode, "sex": who.sex},
        name=random.randrange(9_000),
    )
    return f">>> frame.loc[frame['los'].idxmax()]\n{row.to_string()}\nName: {row.name}, dtype: object"


def _rule(world: World, random: Random) -> str:
    who = world.person(random)
    sex = "female" if who.sex == "2" else "male"
    met = f"age = {_age(who)} AND sex = {sex} AND lsoa = {area_code(who.area)}"
    return f"IF {met} THEN readmitted (support 1, confidence 1.00)"


def _rpart(world: World, random: Random) -> str:
    few = random.randrange(1, 4)
    return (
        "n= 8247\n\nnode), split, n, deviance, yval\n      * denotes terminal node\n\n 1) root 8247 911.20 0.1230\n"
        f"   2) age< 96.5 {8247 - few} 902.11 0.1221 *\n   3) age>=96.5 {few} 0.00 1.0000 *"
    )


def _shap(world: World, random: Random) -> str:
    who = world.person(random)
    return (
        f"Explanation for {hospital_number(who)}: base 0.12; age={_age(who)} {random.uniform(0.1, 0.4):+.3f}, "
        f"postcode={who.postcode} {random.uniform(0.01, 0.1):+.3f}, hba1c={random.randrange(60, 120)} +0.07; f(x) = 0.6"
    )


def _neighbour(world: World, random: Random) -> str:
    who, near = world.persons(random, 2)
    return (
        f"The nearest neighbour of {who.forename} {who.surname} in the matched set is {near.forename} {near.surname} "
        f"(distance 0.0{random.randrange(10, 99)})."
    )


PRINTOUTS = by_second(
    Writing("Stata, a list of patients", _stata_list, PERSON | RECORDS, lines=True),
    Writing("Stata, smallest and largest values", _stata_detail, STATISTICS | RECORDS, lines=True),
    Writing("Stata, a cross-table with a cell of a few", _stata_tabulate, STATISTICS, lines=True),
    Writing("SPSS, extreme values with their cases", _spss_extremes, PERSON | RECORDS | STATISTICS, lines=True),
    Writing("SAS, printed observations", _sas_print, PERSON | RECORDS, lines=True),
    Writing("SAS, extreme observations", _sas_extremes, STATISTICS | RECORDS, lines=True),
    Writing("R, the structure of a data frame", _r_str, PERSON | RECORDS, lines=True),
    Writing("R, dput of a data frame", _r_dput, NAMES | RECORDS),
    Writing("R, a printed data.table", _r_data_table, PERSON | RECORDS, lines=True),
    Writing("R, a printed tibble", _r_tibble, NAMES | RECORDS, lines=True),
    Writing("R, a summary with least and greatest values", _r_summary, STATISTICS, lines=True),
    Writing("R, a box plot's outliers", _r_outliers, STATISTICS | RECORDS, lines=True),
    Writing("R, residuals one by one", _r_residuals, RECORDS, lines=True),
    Writing("R, outlying rows by hospital number", _r_leverage, PERSON | RECORDS | STATISTICS, lines=True),
    Writing("pandas, value counts of names", _pandas_counts, NAMES | STATISTICS | RECORDS, lines=True),
    Writing("pandas, one row as a series", _pandas_row, PERSON | RECORDS, lines=True),
    Writing("a decision rule that one person meets", _rule, STATISTICS | RECORDS),
    Writing("rpart, a leaf of a few", _rpart, STATISTICS | RECORDS, lines=True),
    Writing("SHAP values of one patient", _shap, PERSON | RECORDS),
    Writing("a nearest neighbour in words", _neighbour, NAMES | RECORDS),
)
