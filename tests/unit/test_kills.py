"""`make kills` keeps count: who has died, whose home is seen to its end, and when it has failed."""

from __future__ import annotations

import pytest

from tests.study import kills

LATE = ["promotion job", "registry"]


@pytest.fixture
def studies(monkeypatch):
    """Give what each study will come to, and take down whom each was to kill."""
    outcomes: list[tuple[list[str], int]] = []
    asked: list[list[str]] = []

    def disturbed(names, home, people, chance):
        asked.append(list(names))
        home.mkdir(exist_ok=True)
        killed, status = outcomes.pop(0)
        return kills.Disturbed(killed, status, "what it printed")

    monkeypatch.setattr(kills, "disturbed", disturbed)
    monkeypatch.setattr(kills, "_begun", lambda home, prepared, people: home.mkdir())
    monkeypatch.setattr("sys.argv", ["kills", *(word for name in ["hub", *LATE] for word in ("--only", name))])
    return outcomes, asked


def test_a_home_whose_release_was_cut_off_is_seen_to_its_end_before_another_dies(studies):
    outcomes, asked = studies
    outcomes += [(["hub"], 1), (["promotion job"], 1), ([], 0), (["registry"], 0)]
    assert kills.main() == 0
    assert asked == [["hub", *LATE], LATE, [], ["registry"]]


def test_a_study_in_which_the_last_victim_died_is_followed_by_a_whole_one(studies):
    outcomes, asked = studies
    outcomes += [(["promotion job"], 0), (["registry"], 0), (["hub"], 1), ([], 0)]
    assert kills.main() == 0
    assert asked[-1] == []


@pytest.mark.parametrize("last", [([], 1), ([], 0)])
def test_who_is_never_met_and_a_study_that_breaks_by_itself_are_failures(studies, last, capsys):
    outcomes, _ = studies
    outcomes += [(["hub"], 1), last]
    assert kills.main() == 1
    assert "Not killed: promotion job, registry" in capsys.readouterr().out
