"""Finds out which records of different providers speak of the same person. Runs in the landing zone alone.

First what a verified NHS number says; then Splink (Fellegi and Sunter's model, parameters by expectation
maximisation) for the rest; then guards that no probability may override. What is doubtful waits for a person. All it
depends on stands in ``policies/linkage.yaml``; the result is the person spine.
"""

from spark_jobs.linkage.evaluate import evaluate
from spark_jobs.linkage.job import Linked, link
from spark_jobs.linkage.review import decided, keep
from spark_jobs.linkage.settings import LinkageSettings, load_settings

__all__ = ["LinkageSettings", "Linked", "decided", "evaluate", "keep", "link", "load_settings"]
