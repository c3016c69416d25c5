"""The common packages are there, in the real sandbox, and do what they are for."""

from __future__ import annotations

import shutil

import pytest

from tests.unit.test_packages import wheel
from tre.workspace import packages

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]
_USES = {
    "pandas and polars": """
import pandas as pd, polars as pl
frame = pl.DataFrame({"sex": ["1", "2", "2"], "age": [70, 80, 90]})
assert frame.group_by("sex").agg(pl.col("age").mean()).height == 2
assert frame.to_pandas()["age"].sum() == 240
""",
    "polars reads the extract": """
assert pl.scan_parquet("/project/data/people/*.parquet").select(pl.len()).collect().item() == 3000
""",
    "scikit-learn": """
import numpy as np
from sklearn.linear_model import LogisticRegression
x = np.arange(20.0).reshape(-1, 1)
assert LogisticRegression().fit(x, x[:, 0] > 9).score(x, x[:, 0] > 9) == 1
""",
    "statsmodels": """
import statsmodels.formula.api as smf
fit = smf.ols("y ~ x", pd.DataFrame({"x": range(10), "y": [2 * each + 1 for each in range(10)]})).fit()
assert abs(fit.params["x"] - 2) < 1e-9
""",
    "lifelines": """
from lifelines import KaplanMeierFitter
assert KaplanMeierFitter().fit([1, 2, 3, 4], [1, 1, 0, 1]).survival_function_.iloc[-1, 0] == 0
""",
    "matplotlib": """
import matplotlib; matplotlib.use("Agg")
import matplotlib.pyplot as plt
figure, axes = plt.subplots(); axes.plot([1, 2]); figure.savefig("figure.png")
""",
    "altair": """
import altair as alt
chart = alt.Chart(pd.DataFrame({"x": [1, 2], "y": [3, 4]})).mark_bar().encode(x="x:O", y="y:Q")
chart.save("chart.png")
assert open("chart.png", "rb").read(4) == b"\\x89PNG"
chart
""",
}


def test_the_common_packages_work(opened):
    ran = opened.cells("ann", *_USES.values())
    assert ran.error == ""
    chart = ran.book.cells[-1].outputs[-1].data
    assert chart.keys() == {"application/vnd.vegalite.v5+json", "text/plain"}  # JupyterLab draws it: nothing is fetched


_PIP = """
import subprocess, sys
def pip(*told): return subprocess.run([sys.executable, "-m", "pip", *told], capture_output=True).returncode
"""


def test_what_was_inspected_is_installed_and_nothing_else_is_to_be_had(opened):
    """No index answers; the folder is read-only; and what is installed takes no other package's place."""
    path = packages.folder() / "small_thing-1.0-py3-none-any.whl"
    wheel(path, {"json.py": b"raise ImportError('in the place of another')"})
    path.chmod(0o644)
    try:
        ran = opened.cells(
            "ann",
            _PIP,
            "assert pip('install', '-q', 'small-thing') == 0",
            "import small_thing, json\nassert small_thing.answer() == 42 and json.loads('1') == 1",
            "assert pip('install', '-q', 'six', '--ignore-installed') != 0",
            "assert pip('install', '-q', '--index-url', 'https://pypi.org/simple', 'no-such-thing') != 0",
            "import os\nassert not os.access('/opt/packages', os.W_OK)",
        )
    finally:
        path.unlink()
    assert ran.error == ""
