"""What statistics packages print is read without breaking, however it was mangled."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.test_disclosure_printouts import CROSS, OUT, RESIDUALS, told
from tre.disclosure.policy import load_policy


@given(st.text(st.sampled_from("0123456789,.-+| []$\n\t"), max_size=300), st.sampled_from([CROSS, OUT, RESIDUALS]))
def test_no_layout_breaks_it(text, start):
    rules = set(load_policy().rules)
    assert told(start + text) <= rules
    assert told(start + "9" * 5000 + text + "\n,,\n" + "1" * 5000) <= rules
