"""However large the numbers are: few people are told by what their figures give away, and many are not."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tre.disclosure.contents import Table
from tre.disclosure.detectors.relations import find_relations
from tre.disclosure.policy import load_policy
from tre.disclosure.statistics.nested import find_nested
from tre.disclosure.statistics.precision import find_precision

POLICY = load_policy()
PROFILE = POLICY.profile("acro")
WORDS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=5, max_size=9)


def table(names: tuple[str, ...], *columns: list[object]) -> Table:
    return Table("", names, tuple(pa.array(list(map(str, each)), pa.string()) for each in columns))


@settings(deadline=None)  # Arrow's kernels take their time at the first call
@given(st.lists(st.tuples(st.floats(1, 1000), st.integers(2, 500)), min_size=1, max_size=9))
def test_a_deviation_and_its_error_tell_a_group_just_where_it_is_small(groups: list[tuple[float, int]]) -> None:
    sds = [round(sd, 3) for sd, _ in groups]
    errors = [f"{sd / size**0.5:.7f}" for sd, (_, size) in zip(sds, groups, strict=True)]
    hits = list(find_precision(table(("sd", "se"), list(sds), list(errors)), ["sd", "se"], [], PROFILE))
    assert sum(hit.count for hit in hits) == sum(size < PROFILE.threshold for _, size in groups)


@given(st.integers(100, 10**7), st.integers(0, 40), WORDS, WORDS)
def test_two_cohorts_tell_whom_they_leave_out_just_where_these_are_few(
    people: int, left: int, whole: str, part: str
) -> None:
    names = [f"{whole} but {part}", whole]
    told = list(find_nested(table(("cohort", "n"), names, [people - left, people]), [1], POLICY.shape, PROFILE))
    assert bool(told) is (0 < left < PROFILE.threshold)
    assert all(part not in hit.place and whole not in hit.place for hit in told)  # nothing of a label is told


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 10**6), st.integers(0, 10**6)), min_size=5, max_size=30))
def test_parents_who_are_among_their_own_are_a_pedigree(births: list[tuple[bool, int, int]]) -> None:
    men, women = ["1"], ["2"]
    rows = [("1", "0", "0", "1"), ("2", "0", "0", "2")]
    for place, (woman, father, mother) in enumerate(births, 3):
        rows.append((str(place), men[father % len(men)], women[mother % len(women)], "2" if woman else "1"))
        (women if woman else men).append(str(place))
    columns = [list(each) for each in zip(*rows, strict=True)]
    held = table(("who", "father", "mother", "sex"), *columns)
    assert [hit.kind for hit in find_relations(held, POLICY.shape)] == ["pedigree"]
    strange = table(("who", "father", "mother", "sex"), [f"x{who}" for who in columns[0]], *columns[1:])
    assert not list(find_relations(strange, POLICY.shape))
