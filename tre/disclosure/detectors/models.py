"""What a model says of single people in words: leaves of trees with few of them, and models that keep their rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy

_NUMBERS = re.compile(r"\d+\.?\d*(?:[eE][-+]?\d+)?")
# What stands in every text that one of these patterns is found in: far cheaper to look for in a long one (RE2).
_TOLD = (
    r"leaf_count|internal_count|samples\"? ?[=:] ?[0-9]|weights: \[|recordCount="
    r"|(?:^|\n)[ #'/*%-]*[0-9]+\) [^\s<>=]+[<>=]"
    r"|cover\"?\s*[=:]|\"sum_hessian\"|leaf_weight|__class__|Model|svm_type|, err = [0-9]"
    r"|n_(?:node_)?samples\"|[<>=] ?[^\s:]+: [^\s(]+ \([0-9]"
)
# By the program that writes it: what stands before the persons of one node, or of many.
_COUNTED = {
    "LightGBM": re.compile(r"\b(?:leaf|internal)_count\"?\s*[=:]\s*\[?([\d., \t]+)"),
    "scikit-learn graph": re.compile(r"(?:\\n|\b)samples(?: = |: ?)(\d+)\b"),
    "scikit-learn text": re.compile(r"\bweights: \[([\d., ]+)\] class"),
    "PMML": re.compile(r"<(?:Node|Leaf)\b[^<>]{0,500}\brecordCount=\"([\d.]+)\""),
    "JSON": re.compile(r"\"n_(?:node_)?samples\"\s*:\s*\[?([\d., \n\t]+)"),
    "partykit": re.compile(r"\(n = (\d{1,9}), err = [\d.]+%?\)"),
    # C5.0, and Weka's J48
    "C4.5": re.compile(r"[<>=] ?[^\s:]{1,60}: [^\s(]{1,60} \((\d{1,9}(?:\.\d+)?)(?:/\d+(?:\.\d+)?)?\)"),
    "rpart": re.compile(r"^[ #'/*%-]{0,60}\d{1,9}\) (?:root|[^\s<>=]{1,60}[<>=]{1,2} ?\S{1,60}) (\d+) ", re.MULTILINE),
}
# Sums of second derivatives: the persons of a node where the loss is squared, at most a quarter of them where logistic.
_WEIGHTED = {
    "XGBoost": re.compile(r"\bcover\"?\s*[=:]\s*([\d.eE+-]+)|\"sum_hessian\"\s*:\s*\[([-+\d.eE,\s]+)\]"),
    "LightGBM": re.compile(r"\bleaf_weight\"?\s*[=:]\s*\[?([\d.eE+, \t-]+)"),
}
_CLASS = re.compile(r"\"__class__\":\s*\"(\w+)\"|<(\w+Model)\b|\bsvm_type (\w+)")
_NODES = 3  # told of in one text, from which they are a tree's
_LOGISTIC = 0.25


def find_in_words(where: str, text: str, policy: Policy, profile: str) -> Iterator[Hit]:
    """Yield hits for what a text says of a model's nodes and of its kind."""
    # half a pair of UTF-16, which JSON can spell, is no text that Arrow takes
    plain = pa.array([text.encode("utf-8", "replace")]).cast(pa.string())
    if not pc.match_substring_regex(plain, _TOLD)[0].as_py():
        return
    yield from find_leaves(where, text, policy.profile(profile).threshold)
    yield from find_classes(where, text, policy.models["keep_rows"])


def find_leaves(where: str, text: str, threshold: int) -> Iterator[Hit]:
    """Yield hits for nodes of trees that fewer persons than the threshold are in.

    Parameters
    ----------
    threshold : int
        The least count that the profile lets be shown.
    """
    for program, pattern in _COUNTED.items():
        counts = _counts(pattern, text, total=program == "scikit-learn text")
        small = [count for count in counts if 0 < count < threshold]
        if len(counts) >= _NODES and small:
            yield Hit("small-leaf", program, where, "", len(small), "", 0.9)
            return
    for program, pattern in _WEIGHTED.items():
        weights = _counts(pattern, text, total=False)
        small = [weight for weight in weights if 0 < weight < threshold * _LOGISTIC]
        if len(weights) >= _NODES and small:
            yield Hit("possible-small-leaf", program, where, "", len(small), "", 0.6)
            return


def _counts(pattern: re.Pattern[str], text: str, *, total: bool) -> list[float]:
    """Return all numbers that the pattern's groups hold; of `total`, the sum of each match."""
    found = [[float(each) for each in _NUMBERS.findall(next(filter(None, match.groups())))] for match in
             pattern.finditer(text) if any(match.groups())]  # fmt: skip
    return [sum(each) for each in found] if total else [number for each in found for number in each]


def find_classes(where: str, text: str, classes: Sequence[str]) -> Iterator[Hit]:
    """Yield a hit for a model in words (skops' schema, PMML, LIBSVM) of a kind that keeps the rows it was trained on.

    Parameters
    ----------
    classes : sequence of str
        Names of such kinds, from the policy.
    """
    yield from find_kinds(where, (next(filter(None, each.groups())) for each in _CLASS.finditer(text)), classes)


def find_kinds(where: str, names: Iterable[str], classes: Sequence[str]) -> Iterator[Hit]:
    """Yield a hit when one of the names, of classes that a model file holds, is of a kind that keeps its rows.

    Parameters
    ----------
    names : iterable of str
        As a pickle imports them (``sklearn.neighbors._classification.KNeighborsClassifier``) or by their last part.
    """
    known = {each.lower() for each in classes}
    kept = sorted({last for name in names if (last := name.rpartition(".")[2]).lower() in known})
    if kept:
        yield Hit("training-rows", "kept-rows", where, ", ".join(kept[:3]), len(kept), "", 0.9)
