"""Live checks of what leaves: every release is judged anew, and inspection is given files to judge."""

from __future__ import annotations

from tre.airlock.deciding import REVIEWERS
from tre.airlock.evidence import check_decided
from tre.airlock.models import AttackReport, Release
from tre.disclosure import DisclosureError
from tre.disclosure.policy import load_policy
from tre.errors import TreError
from tre.evidence.checks.rules import own_outputs, unreviewed_ways
from tre.evidence.domain import Found, judged, not_shown
from tre.evidence.installation import Installation
from tre.privacy.models import Payment

_MUST = {"counts.csv": ("pass",), "few.csv": ("review", "block"), "persons.csv": ("block",), "model.pkl": ("block",)}


def egress(here: Installation) -> Found:
    """Judge every release anew from the sealed evidence, and look for ways past the reviews in the table of states."""
    releases = Release.objects.select_related("request__project")
    if not releases:
        return judged(
            [*unreviewed_ways(), *own_outputs()],
            f"Nothing has been released yet. The table of states has no way to a release without {REVIEWERS} "
            "approvals, and the policies let no author and no member decide",
        )
    faults = [f"{each.identity}: {why}" for each in releases if (why := _unfounded(each))]
    return judged(
        [*unreviewed_ways(), *own_outputs(), *faults],
        f"{releases.count()} releases were judged anew by the sealed entries of the audit log: each held the files "
        "that were submitted, approved by as many checkers as the policy asks for, none of them its author or a member",
    )


def _unfounded(release: Release) -> str:
    try:
        check_decided(release.request)
    except TreError as error:
        return error.what
    return ""


def independent_review(here: Installation) -> Found:
    """Ask the policies whether an author or a member of a project may decide about its outputs."""
    return judged(
        [*own_outputs(), *unreviewed_ways()],
        f"Every release needs {REVIEWERS} checkers, none of whom is its author or a member of its project",
    )


def classification(here: Installation) -> Found:
    """Give inspection four made-up files, and look whether it judges each as it must."""
    try:
        verdicts = here.samples
    except DisclosureError as error:
        return not_shown(error.sentence())
    return judged(
        [f"{name} was judged '{verdict}'" for name, verdict in verdicts.items() if verdict not in _MUST[name]],
        "Of four made-up files inspection let the harmless one pass, marked the count of a few people, and blocked "
        "identifiers and a file that runs code. Each finding names its rule, its reason and how to mend it",
    )


def statistical_basis(here: Installation) -> Found:
    """Read the profile in force and look for the reason, the source and the remedy of every rule."""
    policy = load_policy()
    profile = policy.profile(here.options.disclosure_profile)
    lacks = [
        f"the rule {name} names no {what}"
        for name, rule in policy.rules.items()
        for what, text in (("reason", rule.why), ("source", rule.source), ("remedy", rule.fix))
        if not text.strip()
    ]
    return judged(
        lacks,
        f"The profile {here.options.disclosure_profile}: at least {profile.threshold} people in a count, the "
        f"{profile.nk_n} largest under {profile.nk_k:.0%} of a total, p-ratio {profile.p_ratio:.0%}, "
        f"{profile.degrees_of_freedom} degrees of freedom. Each of {len(policy.rules)} rules names its source",
    )


def beyond_checking(here: Installation) -> Found:
    """Give inspection a pickle, and hold every released model to what was paid for it, or to the attacks made on it."""
    try:
        verdict = here.samples["model.pkl"]
    except DisclosureError as error:
        return not_shown(error.sentence())
    releases = [each for each in Release.objects.select_related("request") if each.models_registered]
    models = [model for each in releases for model in each.models_registered]
    private = [each for each in models if each.get("epsilon") is not None]
    faults = [] if verdict == "block" else ["a file that runs code when it is read is not blocked"]
    faults += [
        f"{each.identity}: a model without a privacy price left before the attacks on it were reported"
        for each in releases
        if not _attacked(each)
    ]
    if Payment.objects.count() < len(private):
        faults.append("more models were released than were paid for from a privacy budget")
    return judged(
        faults,
        "Of files that nobody can check by looking at them none leaves but a model in a safe format: "
        f"{len(private)} were trained under differential privacy and paid for from their project's budget, and "
        f"{len(models) - len(private)} make no such claim and were attacked before their checkers let them out. "
        "Pickles, and models that keep the rows they were trained on, are blocked",
    )


def _attacked(release: Release) -> bool:
    """Return whether all models of a release were attacked before, where one of them has no privacy price."""
    if all(each.get("epsilon") is not None for each in release.models_registered):
        return True
    there = {"file__request": release.request, "file__turn": release.request.turn, "at__lte": release.at}
    return AttackReport.objects.filter(**there).count() >= len(release.models_registered)


def criteria_kept(here: Installation) -> Found:
    """Look whether every released file has its inspection, with the profile that it was made by, kept for machines."""
    if not Release.objects.exists():
        return not_shown("Nothing has been released yet")
    lacks = [
        f"{release.identity}: a file has no inspection on record"
        for release in Release.objects.select_related("request").prefetch_related("request__files")
        if any(not (file.inspection or {}).get("profile") for file in release.request.files.all())
    ]
    return judged(
        lacks, "For each released file its inspection is kept as JSON: findings, verdict, profile and SHA-256"
    )
