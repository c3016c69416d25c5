"""Harmless figures, notebooks and reports: what they carry is counts of groups."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from random import Random
from typing import Any

import altair
import numpy as np
import pandas as pd

from tests.corpus.formats.models import seeded
from tests.corpus.formats.notebooks import code, framed, markdown, notebook, printed, result
from tests.corpus.formats.pages import page
from tests.corpus.hosts import counts, paragraph, wide
from tests.corpus.model import Special
from tests.corpus.techniques.figures import PLOTLY, VEGA_LITE, bokeh_page, drawn, plotly_page, vega_page
from tests.corpus.world import World


def _bars(axes: Any, random: Random) -> None:
    table = counts(random)
    axes.bar(range(len(table)), table["events"])
    axes.set_ylabel("Admissions")
    axes.set_title("Emergency admissions by age and sex, 2024/25")


def _lines(axes: Any, random: Random) -> None:
    for label in ("Most deprived", "Least deprived"):
        axes.plot(range(24), [random.randrange(300, 900) for _ in range(24)], label=label)
    axes.legend()
    axes.set_xlabel("Months since April 2023")


def _forest(axes: Any, random: Random) -> None:
    draw = seeded(random)
    at = draw.normal(1, 0.2, 8)
    axes.errorbar(at, range(8), xerr=draw.uniform(0.05, 0.2, 8), fmt="o")
    axes.set_yticks(range(8), [f"IMD {place}" for place in range(8)])


def _heat(axes: Any, random: Random) -> None:
    axes.imshow(seeded(random).integers(30, 900, (5, 12)))


def _histogram(axes: Any, random: Random) -> None:
    axes.hist(seeded(random).normal(60, 15, 20_000), bins=20)


def _plot(draw: Callable[[Any, Random], None], form: str) -> Callable[[World, Random], bytes]:
    return lambda world, random: drawn(lambda axes: draw(axes, random), form)


def _plotly_bars(random: Random) -> dict[str, Any]:
    table = counts(random)
    trace = {
        "type": "bar",
        "x": [f"{row.age_band} {row.sex}" for row in table.itertuples()],
        "y": table["events"].tolist(),
    }
    return {"data": [trace], "layout": {"title": {"text": "Admissions"}}}


def _plotly(world: World, random: Random) -> bytes:
    return plotly_page(_plotly_bars(random))


def _plotly_packed(world: World, random: Random) -> bytes:
    data = base64.b64encode(
        np.array([random.randrange(100, 900) for _ in range(12)], dtype=np.int16).tobytes()
    ).decode()
    return plotly_page(
        {"data": [{"type": "bar", "x": [f"month {place}" for place in range(12)], "y": {"dtype": "i2", "bdata": data}}]}
    )


def _chart(random: Random) -> Any:
    return (
        altair.Chart(wide(random).melt("quintile", var_name="year", value_name="people"))
        .mark_bar()
        .encode(x="quintile", y="people:Q", color="year")
    )


def _vega(world: World, random: Random) -> bytes:
    return _chart(random).to_json().encode()


def _vega_html(world: World, random: Random) -> bytes:
    return vega_page(_chart(random).to_dict())


def _bokeh(world: World, random: Random) -> bytes:
    return bokeh_page({"band": ["0-17", "18-64", "65+"], "people": [random.randrange(900, 9_000) for _ in range(3)]})


def _report(world: World, random: Random) -> bytes:
    picture = base64.b64encode(drawn(lambda axes: _bars(axes, random), "png")).decode()
    image = f'<figure><img alt="Bar chart of admissions" src="data:image/png;base64,{picture}"></figure>'
    return page(
        f"<h1>Report</h1><p>{paragraph(random)}</p>{counts(random).to_html(index=False)}{image}<p>{paragraph(random)}</p>"
    )


def _styled(world: World, random: Random) -> bytes:
    return page(counts(random).style.format(precision=1).background_gradient(subset=["events"]).to_html())


def _plain_page(world: World, random: Random) -> bytes:
    return page(
        f"<h1>Report</h1><p>{paragraph(random)}</p>{counts(random).to_html(index=False)}<p>{paragraph(random)}</p>"
    )


def _notebook(world: World, random: Random) -> bytes:
    table = counts(random)
    return notebook(
        markdown(f"# Admissions by age\n\n{paragraph(random)}"),
        code(
            "import pandas as pd\nimport tre\n\ncohort = tre.table('admitted_care')\ncohort.count()",
            result({"text/plain": "412330"}),
        ),
        code("table = tre.safe_table(cohort, ['age_band', 'sex'])\ntable", framed(table)),
        code("print(table['events'].sum())", printed(f"{table['events'].sum()}\n")),
        markdown(paragraph(random)),
    )


def _described(world: World, random: Random) -> bytes:
    frame = pd.DataFrame(seeded(random).normal(50, 12, (20_000, 3)), columns=["bmi", "systolic", "egfr"])
    # Least and greatest values are single people's: what is released leaves them out.
    described = frame.describe().drop(index=["min", "max"]).round(1)
    return notebook(markdown("# Variables"), code("frame.describe().drop(index=['min', 'max'])", framed(described)))


def _fitted(world: World, random: Random) -> bytes:
    rows = "\n".join(
        f"{name:<12}{random.gauss(0, 1):>9.4f}{random.uniform(0.01, 0.2):>9.4f}   0.000"
        for name in ("const", "age", "male", "imd", "copd")
    )
    people = random.randrange(9_000, 90_000)
    text = f"  Logit Regression Results\nNo. Observations: {people}\nDate: Mon, 01 Jun 2026\n{rows}\n"
    return notebook(markdown("# Model"), code("print(model.summary())", printed(text)))


def _with_picture(world: World, random: Random) -> bytes:
    data = base64.b64encode(drawn(lambda axes: _lines(axes, random), "png")).decode()
    shown = {
        "output_type": "display_data",
        "data": {"image/png": data, "text/plain": "<Figure size 600x400>"},
        "metadata": {},
    }
    return notebook(markdown("# Figure"), code("plot()", shown))


def _progress(world: World, random: Random) -> bytes:
    lines = "".join(
        f"epoch {place:>3}/30 loss {0.7 * 0.96**place:.4f} val_auc {0.7 + 0.004 * place:.4f}\n"
        for place in range(1, 31)
    )
    return notebook(markdown("# Training"), code("train(model)", printed(lines)))


def _shown(kind: str, figure: Callable[[Random], dict[str, Any]]) -> Callable[[World, Random], bytes]:
    return lambda world, random: notebook(
        markdown("# Figure"), code("figure", result({kind: figure(random), "text/plain": "Figure"}))
    )


def _metrics(world: World, random: Random) -> bytes:
    held = {
        "auroc": 0.81,
        "brier": 0.12,
        "n_train": 32_986,
        "n_test": 8_247,
        "coefficients": {f"x{place}": round(random.gauss(0, 1), 4) for place in range(12)},
    }
    return json.dumps(held, indent=1).encode()


def _runs(world: World, random: Random) -> bytes:
    rows = [
        {"step": step, "time": f"2026-06-01T10:{step // 60:02d}:{step % 60:02d}Z", "loss": round(0.7 * 0.99**step, 5)}
        for step in range(90)
    ]
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _environment(world: World, random: Random) -> bytes:
    return _ENVIRONMENT.encode()


def _lock(world: World, random: Random) -> bytes:
    rows = (
        f"package{place}=={place}.{random.randrange(20)} \\\n    --hash=sha256:{random.randbytes(32).hex()}\n"
        for place in range(40)
    )
    return "".join(rows).encode()


def _script(world: World, random: Random) -> bytes:
    return _SCRIPT.encode()


_ENVIRONMENT = """name: study
channels:
  - conda-forge
dependencies:
  - python=3.11
  - pandas=2.3.3
  - pip:
      - lifelines==0.30.3
"""
_SCRIPT = '''"""Counts admissions by age band and sex."""

import pandas as pd

BANDS = [0, 18, 40, 65, 80, 120]
SEED = 20260601


def main() -> None:
    frame = pd.read_parquet("/data/admitted_care")
    frame["age_band"] = pd.cut(frame["age"], BANDS)
    frame.groupby(["age_band", "sex"])["person"].nunique().to_csv("table1.csv")


if __name__ == "__main__":
    main()
'''
_PLOTS = {"bars": _bars, "lines": _lines, "a forest plot": _forest, "a heat map": _heat, "a histogram": _histogram}
FIGURES = (
    *(
        Special(form, f"matplotlib, {name}", _plot(draw, form), fair="review")
        for name, draw in _PLOTS.items()
        for form in ("png", "svg", "pdf")
    ),
    Special("html", "Plotly, bars", _plotly, fair="review", variants=4),
    Special("html", "Plotly, packed bars", _plotly_packed, fair="review", variants=4),
    Special("json", "Altair, bars", _vega, variants=4),
    Special("html", "Altair, bars", _vega_html, fair="review", variants=4),
    Special("html", "Bokeh, bars", _bokeh, fair="review", variants=4),
    Special("html", "a report with a picture", _report, fair="review", variants=4),
    Special("html", "a styled table", _styled, variants=4),
    Special("html", "a report", _plain_page, variants=4),
    Special("ipynb", "a notebook of counts", _notebook, variants=6),
    Special("ipynb", "a description of variables", _described, variants=4),
    Special("ipynb", "a regression's summary", _fitted, variants=4),
    Special("ipynb", "a notebook with a picture", _with_picture, fair="review", variants=4),
    Special("ipynb", "a training's progress", _progress, variants=4),
    Special("ipynb", "Plotly in an output", _shown(PLOTLY, _plotly_bars), variants=4),
    Special("ipynb", "Vega-Lite in an output", _shown(VEGA_LITE, lambda random: _chart(random).to_dict()), variants=4),
    Special("json", "a model's metrics", _metrics, variants=4),
    Special("ndjson", "a run's losses", _runs, variants=4),
    Special("yaml", "an environment", _environment, variants=1),
    Special("txt", "a lock with hashes", _lock, variants=3),
    Special("py", "a script", _script, variants=1),
)
