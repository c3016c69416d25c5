from __future__ import annotations

import pandas as pd
import pytest

from tre.disclosure import DisclosureError
from tre.disclosure.statistics import safe_table


def people(groups: dict[tuple[str, str], list[float]]) -> pd.DataFrame:
    return pd.DataFrame(
        [(band, sex, value) for (band, sex), values in groups.items() for value in values],
        columns=["band", "sex", "cost"],
    )


def test_a_small_count_takes_others_with_it() -> None:
    frame = people({("a", "F"): [1] * 9, ("a", "M"): [1] * 40, ("b", "F"): [1] * 30, ("b", "M"): [1] * 50})
    table = safe_table(frame, "band", "sex")
    assert table.outcome.loc["a", "F"] == "threshold"
    assert (table.outcome == "complementary").to_numpy().sum() == 3
    assert set(table.frame.to_numpy().ravel()) == {"[c]"}


def test_ten_is_enough_and_zero_is_not() -> None:
    frame = people({("a", "F"): [1] * 10, ("a", "M"): [1] * 10, ("b", "F"): [1] * 10})
    table = safe_table(frame, "band", "sex")
    assert table.outcome.loc["b", "M"] == "threshold"
    assert safe_table(frame[frame.band == "a"], "band", "sex").suppressed == 0


def test_dominance_and_p_ratio_hide_a_sum() -> None:
    others = {("b", "F"): [10, 11] * 10, ("c", "F"): [10, 12] * 15}
    table = safe_table(people({("a", "F"): [1000, 900] + [1] * 18} | others), "band", values="cost", aggfunc="sum")
    assert table.outcome["sum"].tolist() == ["nk-rule", "complementary", "ok"]
    single = safe_table(people({("a", "F"): [100] + [0.5] * 10} | others), "band", values="cost", aggfunc="mean")
    assert single.outcome.loc["a", "mean"] == "nk-rule"


@pytest.mark.parametrize(
    "arguments",
    [{"rows": "none"}, {"rows": "band", "aggfunc": "max"}, {"rows": "band", "aggfunc": "sum"},
     {"rows": "band", "values": "sex", "aggfunc": "sum"}, {"rows": "band", "profile": "none"}],
)  # fmt: skip
def test_a_table_that_cannot_be_made_is_refused(arguments: dict[str, str]) -> None:
    with pytest.raises(DisclosureError):
        safe_table(people({("a", "F"): [1.0]}), **arguments)
