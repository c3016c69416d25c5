"""Who is in a study: a declaration, a condition on people, or a SELECT of pseudonyms; each judged before it is run."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pyspark.sql import DataFrame, SparkSession

from spark_jobs.errors import JobRefused
from spark_jobs.provisioning import declared, guard

PEOPLE = "people"
PSEUDONYM = "pseudonym"
_IS_QUERY = re.compile(r"[\s(]*(SELECT|WITH|FROM)\b", re.IGNORECASE)


def persons(spark: SparkSession, cohort: str, tables: Mapping[str, DataFrame], dates: Mapping[str, str]) -> DataFrame:
    """Return the warehouse pseudonyms of the persons in the cohort, each once.

    Parameters
    ----------
    cohort : str
        Empty for everybody; a declaration (see :mod:`spark_jobs.provisioning.declared`); a condition on the people
        table; or a SELECT whose one column is ``pseudonym``.
    tables : mapping of str to DataFrame
        What the cohort can see: ``people`` and the agreed datasets. Who is not in ``people`` is in no cohort.
    dates : mapping of str to str
        The date column of each dataset that has one.

    Raises
    ------
    JobRefused
        When it is neither a condition nor such a SELECT, or holds what is not known to be harmless.
    """
    people = tables[PEOPLE].select(PSEUDONYM)
    if not cohort.strip():
        return people
    if declared.is_declared(cohort):
        found = guard.run(spark, declared.to_sql(cohort, dates), tables)
    elif _IS_QUERY.match(cohort):
        found = guard.run(spark, cohort, tables)
    else:
        # The line's end closes a comment, so that the closing bracket always counts. The whole is judged.
        query = f"SELECT {PSEUDONYM} FROM {PEOPLE} WHERE ({cohort}\n)"
        found = guard.run(spark, query, tables)
    if [name.lower() for name in found.columns] != [PSEUDONYM]:
        raise JobRefused("The cohort must select one column, pseudonym", where="cohort")
    return people.join(found.toDF(PSEUDONYM), PSEUDONYM, "left_semi")
