"""The live checks, by the number of the statement that each shows. What a check looks at its docstring says."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tre.evidence.checks import data, outputs, people, rules, security, software, studies, workspaces
from tre.evidence.domain import Found
from tre.evidence.installation import Installation

Check = Callable[[Installation], Found]

CHECKS: Mapping[str, Check] = {
    "1.2.09": security.issues_tracked,
    "1.3.02": studies.processing_assessed,
    "1.4.01": studies.requirements,
    "1.4.02": studies.time_limits,
    "1.4.04": studies.endings,
    "1.4.06": studies.on_record,
    "1.5.01": people.identified,
    "1.5.03": rules.least_privilege,
    "1.5.04": studies.controllers_agreed,
    "1.5.05": people.authentication,
    "1.5.06": people.unique,
    "1.6.04": people.training,
    "1.7.02": data.public_pages,
    "2.1.01": workspaces.clipboard,
    "2.1.08": workspaces.shared_services,
    "2.1.13": software.packages_controlled,
    "2.1.14": workspaces.apart_on_compute,
    "2.2.04": software.as_tested,
    "2.2.10": workspaces.between_projects,
    "2.2.11": workspaces.outbound,
    "2.2.13": workspaces.usage,
    "2.2.14": security.datasets_accessed,
    "2.2.15": workspaces.usage,
    "2.3.03": workspaces.sizes_and_quotas,
    "2.5.03": security.security_logs,
    "2.8.01": security.at_rest,
    "2.8.02": security.in_transit,
    "2.8.05": security.keys,
    "3.1.03": data.classified,
    "3.1.04": data.ingress,
    "3.1.05": outputs.egress,
    "3.1.06": rules.egress_permission,
    "3.1.07": outputs.independent_review,
    "3.1.08": data.record_of_data,
    "3.1.10": studies.deletion_proved,
    "3.1.11": data.changes_logged,
    "3.1.12": workspaces.ways_in_and_out,
    "3.1.13": studies.least_data,
    "3.1.16": studies.learning_plan,
    "3.1.20": data.metadata_checked,
    "3.2.03": studies.own_data,
    "3.2.04": people.second_factor,
    "3.2.05": people.federated,
    "3.3.01": outputs.classification,
    "3.3.03": studies.intended_outputs,
    "3.3.05": people.checkers,
    "3.3.06": outputs.statistical_basis,
    "3.3.07": outputs.beyond_checking,
    "3.3.08": outputs.classification,
    "3.3.09": outputs.criteria_kept,
    "3.4.01": data.catalogue,
    "4.6.01": people.operators,
}


def looks_at(check: Check) -> str:
    """Return what a check looks at, in a sentence."""
    return (check.__doc__ or "").strip().splitlines()[0]
