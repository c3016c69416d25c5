"""What a sentence says of a few people: each is told, and what is worded alike and is fine is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.disclosing import judged, rules
from tre.disclosure.detectors.few_in_words import find_few_in_words
from tre.disclosure.policy import load_policy

COUNT, HIDDEN, EXTREME = "possible-small-count", "possible-recoverable-cell", "extreme-value"
WHO = ("Unwin", "Hughes", "Kelly", "Carter", "Boulton", "Jones")
ACRO = load_policy().profile("acro")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        # a count
        ("Three of the 52 women had a stroke.", COUNT),
        ("3 out of 52 mothers were under 16", COUNT),
        ("In all, four men died within the hour. Five children were injured.", COUNT),
        ("Among 61 residents, only two survived.", COUNT),
        ("Alton: 2 deaths from mesothelioma", COUNT),
        ("INFO Seven patients, none of them smokers, received the antidote", COUNT),
        ("Twelve patients were moved.", None),
        ("300 of the 5,200 women had a stroke.", None),
        ("Counts of fewer than five patients were suppressed.", None),
        ("At least three people were asked in each practice.", None),
        ("Stage 2 patients were left out; type 2 patients had insulin.", None),
        ("One person can have several stays.", None),
        ("Two of 34 practices were left out.", None),
        ("One in five adults smoked.", None),
        ("Risk doubled in patients with two or more conditions.", None),
        # beside what it counts
        ("Fisher's exact test: exposed deaths 4, unexposed deaths 1, exposed survivors 30", COUNT),
        ("cases: 2; controls: 61", COUNT),
        ("exposed cases 210, unexposed cases 184", None),
        ("See cases 2 and 3", None),
        # a percentage
        ("Of the 44 patients, 4.5% died.", COUNT),
        ("5.9% of 34 women were under 16", COUNT),
        ("97.1 per cent of 34 women were over 16", COUNT),  # all but one
        ("Among 41,233 adults, 4.5% died.", None),
        ("Of the 44 patients, 50.0% died.", None),
        ("Of the 44 practices, 4.5% closed.", None),
        ("Of the 44 patients, half recovered (95% CI 30 to 70).", None),
        # one of them
        ("The youngest mother was 13.", EXTREME),
        ("The longest-lived patient died after 3,900 days.", EXTREME),
        ("The most frequent attender came 212 times.", EXTREME),
        ("The oldest fifth made up 38% of the cost.", None),
        ("The only such child, a 9-year-old from Alton, moved.", COUNT),
        ("It was reported by a 61-year-old vet from Endon.", COUNT),
        ("The typical patient was a woman of 63 with diabetes.", None),
        ("The only change was to the coding.", None),
        # who was hidden
        ("[c] One count is withheld; it is a woman of 97 in Alton.", HIDDEN),
        ("The redacted cell holds two boys at one school.", HIDDEN),
        ("* Counts under 10 and the next smallest cell were suppressed; totals are rounded to 5.", None),
        ("Small cells were suppressed before this report was written. Patients are counted once.", None),
    ],
)
def test_sentence(text: str, rule: str | None) -> None:
    """A sentence tells of a few people, or says the same of many, or of something else."""
    assert {hit.rule for hit in find_few_in_words("", text, ACRO)} == ({rule} if rule else set())


def test_sentence_over_two_lines() -> None:
    """Where a line is broken says nothing."""
    assert [*find_few_in_words("", "# Of the 41 transplant\nrecipients, only one was\nunder 18.", ACRO)]


def test_threshold_is_the_profiles() -> None:
    """What few are is for the profile to say."""
    text = "Nine women had a stroke."
    assert [*find_few_in_words("", text, ACRO)]
    assert not [*find_few_in_words("", text, load_policy().profile("opensafely"))]


def test_cell_of_a_table(tmp_path: Path) -> None:
    """A sentence is read in a cell as well."""
    assert COUNT in rules(judged(tmp_path, "note,n\nThree of the 52 women had a stroke,520\nno note,610\n"))


def test_table_in_a_cell(tmp_path: Path) -> None:
    """A cell of several lines is read as a text is: for the tables that stand in it."""
    cell = "Deaths by place\n\nplace   people  deaths\nAlton      712       3\nLeek       903      41\n"
    assert "small-count" in rules(judged(tmp_path, f'note,n\n"{cell}",520\nno note,610\n'))


def test_column_of_rows_inserted(tmp_path: Path) -> None:
    """What a program inserts into a table stands under the columns' names, which say that it is people's."""
    rows = "".join(f"INSERT INTO t (slot, {{0}}) VALUES ('{n}:15', '{who}, A');\n" for n, who in enumerate(WHO))
    assert "possible-name" in rules(judged(tmp_path, rows.format("who")))
    assert "possible-name" not in rules(judged(tmp_path, "INSERT INTO t (slot, band) VALUES ('9:15', '40-64');\n"))
