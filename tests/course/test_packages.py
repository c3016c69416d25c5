"""The common packages are there, in the real sandbox, and do what they are for."""

from __future__ import annotations

import shutil

import pytest

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
