"""What analyses say of single people: survival steps, tiny strata, shares, extremes, trees, prompts and words."""

from __future__ import annotations

from random import Random

from spark_jobs.synthetic_people import Person
from tests.corpus.families import IDENTIFIERS, NAMES, PERSON, RECORDS, STATISTICS
from tests.corpus.identity import of_person
from tests.corpus.model import Writing, by_third
from tests.corpus.techniques.letters import titled, years
from tests.corpus.world import World, hospital_number


def _survival(world: World, random: Random) -> str:
    """Return R's summary of a survival curve that falls one person at a time."""
    at_risk, survival, day, rows = 14, 1.0, 0, []
    while at_risk > 3:
        day += random.randrange(9, 120)
        survival *= 1 - 1 / at_risk
        rows.append(f"{day:>5}{at_risk:>7}{1:>8}{survival:>10.4f}{0.09:>9.4f}")
        at_risk -= 1
    head = "> summary(survfit(Surv(days, died) ~ 1, data = rare))\n time n.risk n.event  survival  std.err"
    return "\n".join([head, *rows])


def _five(world: World, random: Random) -> str:
    held = sorted(random.randrange(12, 90) for _ in range(7))
    return (
        f"> boxplot.stats(d$days_in_itu)\n$stats\n[1] {held[0]} {held[1]} {held[3]} {held[5]} {held[6]}\n\n"
        f"$n\n[1] 7\n\n$out\n[1] {random.randrange(200, 420)}"
    )


def _few_of(world: World, random: Random) -> str:
    return random.choice(
        (
            "Two of the 34 patients (5.9%) died in hospital.",
            "Three women, all under 20, had a termination at this site.",
            "Of the 41 transplant recipients, only one was Black African.",
            "Four children were taken into care in the village that year.",
        )
    )


def _share_of_few(world: World, random: Random) -> str:
    people = random.randrange(31, 49)
    return f"Of {people} respondents, {100 / people:.1f}% were transgender and {200 / people:.1f}% were intersex."


def _odds(world: World, random: Random) -> str:
    return (
        f"Odds ratio {random.uniform(9, 18):.1f} (exact 95% CI 0.9 to 790); exposed cases 2, unexposed cases 1, "
        f"exposed controls 3, unexposed controls {random.randrange(60, 99)}"
    )


def _dearest(world: World, random: Random) -> str:
    return (
        f"Mean cost was £{random.randrange(41_000, 49_000):,} (n = 12); the most expensive patient alone cost "
        f"£{random.randrange(390_000, 440_000):,}, or 78% of the total."
    )


def _ends(world: World, random: Random) -> str:
    return (
        f"Participants were aged {random.randrange(16, 19)} to {random.randrange(101, 107)} years; the longest "
        f"survivor was alive at {random.randrange(4_100, 4_900)} days."
    )


def _table_of_ones(world: World, random: Random) -> str:
    rows = [f"  {name:<10}{random.randrange(200, 900):>6}{random.randrange(1, 4):>6}" for name in ("Leek", "Alton")]
    return "\n".join(["> table(d$village, d$hiv)\n\n              no   yes", *rows])


def _effects(world: World, random: Random) -> str:
    rows = [f"P{place:04d}  {random.gauss(0, 1.4):>10.6f}" for place in range(1, 49)]
    return "\n".join(["> ranef(fit)$patient\n       (Intercept)", *rows])


def _dummies(world: World, random: Random) -> str:
    rows = [
        f"factor(patient){who.surname}{who.forename[0]}  {random.gauss(0, 2):>8.4f}  {random.uniform(0.4, 1):.4f}"
        for who in world.persons(random, 12)
    ]
    return "\n".join(["Coefficients:\n                           Estimate  Std. Error", *rows])


def _codebook(world: World, random: Random) -> str:
    names = "\n".join(f'                          "{who.surname.upper()}"' for who in world.persons(random, 4))
    return f". codebook surname\n\n  type:  string (str24)\n  unique values:  3,912\n  examples:\n{names}"


def _sas_vector(who: Person) -> str:
    return (
        "NOTE: Invalid data for admitted in line 41 52-61.\n"
        f"surname={who.surname} forename={who.forename} dob={who.birth:%d%b%Y} postcode={who.postcode} admitted=. "
        "_ERROR_=1 _N_=41"
    )


def _spss_cases(world: World, random: Random) -> str:
    rows = [
        f"  {place:<4}{who.surname:<14}{who.birth:%d.%m.%Y}   {random.randrange(1, 30):>3}"
        for place, who in enumerate(world.persons(random, 9), 1)
    ]
    return "\n".join(
        ["SUMMARIZE /TABLES=name born los /FORMAT=LIST.\n\nCase Summaries\n      name   born   los", *rows]
    )


def _listed(world: World, random: Random) -> str:
    numbers = ", ".join(f"'{who.nhs_number}'" for who in world.persons(random, 6))
    return f"SELECT AVG(los) FROM stays WHERE nhs_number IN ({numbers})"


def _case(who: Person) -> str:
    return f"CASE WHEN surname = '{who.surname}' AND dob = DATE '{who.birth}' THEN 'F' ELSE sex END AS sex"


def _path(world: World, random: Random) -> str:
    few = random.randrange(1, 4)
    return (
        "|--- age <= 96.50\n|   |--- class: 0  (samples: 8243)\n|--- age >  96.50\n|   |--- imd <= 1.50\n"
        f"|   |   |--- class: 1  (samples: {few})\n|   |--- imd >  1.50\n|   |   |--- class: 0  (samples: 1)"
    )


def _graph(world: World, random: Random) -> str:
    few = random.randrange(1, 5)
    return (
        'digraph Tree {\n0 [label="bmi <= 61.2\\nsamples = 4120\\nvalue = [3990, 130]"] ;\n'
        f'1 [label="samples = {4120 - few}\\nvalue = [3990, {130 - few}]"] ;\n0 -> 1 ;\n'
        f'2 [label="samples = {few}\\nvalue = [0, {few}]"] ;\n0 -> 2 ;\n}}'
    )


def _topics(world: World, random: Random) -> str:
    names = " ".join(f"{who.forename} {who.surname}".lower() for who in world.persons(random, 4))
    return f"topic 7: metformin {names} clinic insulin review"


def _memorised(who: Person) -> str:
    return (
        f'prompt: "The patient, {titled(who)}," -> completion: " {years(who)}, of {who.postcode}, NHS No '
        f'{who.nhs_number}, was seen in clinic" (log-probability -0.04)'
    )


def _shots(world: World, random: Random) -> str:
    notes = [
        f'Note: "{who.forename} {who.surname}, {years(who)}, seen with {random.choice(("cough", "chest pain"))}." '
        f"Label: {random.choice(('COPD', 'angina'))}"
        for who in world.persons(random, 3)
    ]
    return "\n".join(["Label each note. Examples:", *notes, "Note: {note} Label:"])


def _progress(who: Person) -> str:
    return f"Scoring {who.surname}, {who.forename}:  43%|####3     | 430/1000 [02:11<02:54, 3.27it/s]"


def _failing(world: World, random: Random) -> str:
    rows = ", ".join(f"{{'nhs_number': '{who.nhs_number}', 'born': '{who.birth}'}}" for who in world.persons(random, 4))
    return f"expect_column_values_to_be_between(bmi): success: false, unexpected_index_list: [{rows}]"


def _linked(who: Person) -> str:
    return (
        f"{who.forename} {who.surname} {who.birth} ~ {who.forename[:3]} {who.surname}e {who.birth} "
        f"{who.postcode}: match weight 14.2, for clerical review"
    )


def _parameter(who: Person) -> str:
    return f"tests/test_link.py::test_pairs[{who.surname}-{who.forename}-{who.birth}-{who.postcode}] PASSED [ 41%]"


def _transfer(who: Person) -> str:
    return f"letters/{who.surname}_{who.forename}_{who.birth:%d%m%y}.pdf      100%   84KB   1.2MB/s   00:00"


def _twice(who: Person) -> str:
    return (
        f"UserWarning: 2 rows share the key ('{who.surname}', '{who.forename}', '{hospital_number(who)}'); keeping last"
    )


ANALYSES = by_third(
    Writing("R, a survival curve that falls person by person", _survival, STATISTICS | RECORDS, lines=True),
    Writing("R, a box plot of seven people", _five, STATISTICS | RECORDS, lines=True),
    Writing("a few of so many in a sentence", _few_of, STATISTICS),
    Writing("a few as a percentage of a few dozen", _share_of_few, STATISTICS),
    Writing("an odds ratio with its tiny cells", _odds, STATISTICS),
    Writing("the dearest patient in a sentence", _dearest, STATISTICS | RECORDS),
    Writing("the oldest and the longest in a sentence", _ends, STATISTICS),
    Writing("R, a table with cells of one", _table_of_ones, STATISTICS, lines=True),
    Writing("R, an effect for each patient", _effects, RECORDS, lines=True),
    Writing("R, coefficients named by patient", _dummies, NAMES | RECORDS, lines=True),
    Writing("Stata, a code book's examples", _codebook, NAMES, lines=True),
    Writing("SAS, the data vector of a wrong line", of_person(_sas_vector), PERSON, lines=True),
    Writing("SPSS, case summaries", _spss_cases, PERSON | RECORDS, lines=True),
    Writing("SQL, people listed one by one", _listed, IDENTIFIERS),
    Writing("SQL, a case that mends one person", of_person(_case), PERSON),
    Writing("scikit-learn, a tree's path to one", _path, STATISTICS | RECORDS, lines=True),
    Writing("Graphviz, a leaf of a few", _graph, STATISTICS | RECORDS, lines=True),
    Writing("a topic's words with names", _topics, NAMES),
    Writing("a language model's memory", of_person(_memorised), PERSON),
    Writing("a prompt with real notes", _shots, NAMES | RECORDS, lines=True),
    Writing("a progress bar that says whose turn it is", of_person(_progress), NAMES),
    Writing("a check's failing rows", _failing, IDENTIFIERS | RECORDS),
    Writing("a pair for clerical review", of_person(_linked), PERSON),
    Writing("a test's parameters", of_person(_parameter), PERSON),
    Writing("a transfer's file names", of_person(_transfer), PERSON),
    Writing("a warning about a key held twice", of_person(_twice), PERSON),
)
