"""The probabilistic model: Splink's comparisons and training, as the settings have them."""

from __future__ import annotations

import logging
import warnings
from typing import Any

from spark_jobs.linkage.backend import Backend
from spark_jobs.linkage.rules import FIELDS
from spark_jobs.linkage.settings import Edits, LinkageSettings

_NAMES = ("forename", "surname")


def score(backend: Backend, settings: LinkageSettings) -> dict[str, Any]:
    """Make the table ``scored`` and return the trained model as JSON.

    ``scored`` holds l, r, p (the probability of a match), weight (the same as log2 of the odds) and for each field the
    bits that it added to the weight, by its agreement and, where names are weighed by how common they are, by that. The
    model holds weights and no person's values.
    """
    from splink import Linker

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        linker = Linker(backend.registered("records"), _creator(settings))
        logging.getLogger("splink").setLevel(logging.ERROR)  # a linker that is made turns its logging on
        _train(linker, settings)
        found = linker.inference.predict(threshold_match_probability=settings.thresholds.review)
        backend.adopt("predicted", found)
        backend.make(
            "scored",
            f"""
            SELECT least(record_l, record_r) AS l, greatest(record_l, record_r) AS r,
                   cast(match_probability AS double) AS p, cast(match_weight AS float) AS weight,
                   {", ".join(_bits(name, settings) for name in FIELDS)}
            FROM predicted
            """,
        )
    model: dict[str, Any] = linker.misc.save_model_to_json()
    return model


def _creator(settings: LinkageSettings) -> Any:
    import splink.comparison_library as compare
    from splink import SettingsCreator, block_on

    told = settings.comparisons
    names = [
        compare.JaroWinklerAtThresholds(name, list(told.names.similarity)).configure(
            term_frequency_adjustments=told.names.term_frequency
        )
        for name in _NAMES
    ]
    others = [_edits(name, getattr(told, name)) for name in ("number", "birth_date", "postcode", "sex")]
    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="record",
        comparisons=[*names, *others],
        blocking_rules_to_generate_predictions=[block_on(*columns) for columns in settings.blocking],
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=True,  # what each field said: a doubtful pair is explained by it
    )


def _bits(name: str, settings: LinkageSettings) -> str:
    """Return what a field added to the weight, in bits, as a column of a query over what Splink predicted."""
    told = settings.comparisons
    common = (told.names if name in _NAMES else getattr(told, name)).term_frequency
    return f"cast(mw_{name}{f' + mw_tf_adj_{name}' if common else ''} AS float) AS bits_{name}"


def _edits(name: str, told: Edits) -> Any:
    import splink.comparison_library as compare

    made: Any = (
        compare.DamerauLevenshteinAtThresholds(name, list(told.edits)) if told.edits else compare.ExactMatch(name)
    )
    return made.configure(term_frequency_adjustments=told.term_frequency)


def _train(linker: Any, settings: LinkageSettings) -> None:
    from splink import block_on

    told = settings.training
    linker.training.estimate_probability_two_random_records_match(
        [block_on("number"), block_on("forename", "surname", "birth_date")], recall=told.recall_of_certain_rules
    )
    linker.training.estimate_u_using_random_sampling(
        max_pairs=told.random_pairs, seed=told.seed, num_chunks=told.parts_of_pairs
    )
    for columns in told.fit_on:
        linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(*columns), max_pairs=told.most_pairs
        )
