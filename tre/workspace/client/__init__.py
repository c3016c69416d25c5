"""What ``import tre`` gives a notebook. It speaks to the platform's door alone and never pulls in Django."""

from tre.workspace.client import private
from tre.workspace.client.airlock import draft, requests, submit
from tre.workspace.client.codelists import codelist
from tre.workspace.client.course import course
from tre.workspace.client.data import describe, spark, tables
from tre.workspace.client.inspecting import inspect
from tre.workspace.client.learning import budget, features, price, train_private
from tre.workspace.client.outputs import (
    safe_histogram,
    safe_percentiles,
    safe_regression,
    safe_survival,
    safe_table,
)
from tre.workspace.client.packaging import package
from tre.workspace.client.repository import git
from tre.workspace.client.running import run_notebook, run_private, run_table, run_training, runs

__all__ = [
    "budget",
    "codelist",
    "course",
    "describe",
    "draft",
    "features",
    "git",
    "inspect",
    "package",
    "price",
    "private",
    "requests",
    "run_notebook",
    "run_private",
    "run_table",
    "run_training",
    "runs",
    "safe_histogram",
    "safe_percentiles",
    "safe_regression",
    "safe_survival",
    "safe_table",
    "spark",
    "submit",
    "tables",
    "train_private",
]
