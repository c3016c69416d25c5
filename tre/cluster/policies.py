"""The doors as NetworkPolicies: every zone refuses all by default, and each policy opens what one part needs.

Policies add up and none takes away, so whatever is not in :data:`tre.cluster.doors.DOORS` stays shut. A policy cannot
say "the same workspace as mine": so each project and each workspace has a policy of its own, made with it.
See https://kubernetes.io/docs/concepts/services-networking/network-policies/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tre.cluster.doors import BEYOND, DOORS, NAMING, PUBLIC, ZONE, ZONES, Door, Part, Same, namespace, parts
from tre.cluster.values import Values

Manifest = dict[str, Any]
Rules = list[dict[str, Any]]
_ZONE_NAME = "kubernetes.io/metadata.name"  # set by the API server itself: nobody can take another namespace's


def zone_policies(values: Values) -> Iterator[Manifest]:
    """Yield what holds for every project and workspace: the default of each zone, and each part's own doors."""
    for zone in ZONES:
        yield _policy(zone, "default-deny", {}, [], [])
    for part in parts():
        inwards = _inwards(part, Same.NOTHING, {})
        inwards += [_from_ingress(values, port) for public, port in PUBLIC if public == part]
        outwards = _outwards(part, Same.NOTHING, {}) + _beyond(part, values)
        if part in NAMING:
            outwards.append(_names())
        if inwards or outwards:
            yield _policy(part.zone, part.name, part.labels, inwards, outwards)


def shared_policies(name: str, same: Same, value: str) -> Iterator[Manifest]:
    """Yield the policies of one project or one workspace: one for each part that has a door in it.

    Parameters
    ----------
    name : str
        What the policies' names begin with.
    same : Same
        What both ends share.
    value : str
        Its label's value, such as the project's code.
    """
    told = {same.value: value}
    for part in dict.fromkeys(end for door in DOORS if door.same is same for end in (door.source, door.target)):
        selector = part.labels | told
        yield _policy(
            part.zone, f"{name}-{part.name}", selector, _inwards(part, same, told), _outwards(part, same, told)
        )


def _policy(zone: str, name: str, labels: Mapping[str, str], inwards: Rules, outwards: Rules) -> Manifest:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace(zone), "labels": {ZONE: zone}},
        "spec": {
            "podSelector": {"matchLabels": dict(labels)} if labels else {},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": inwards,
            "egress": outwards,
        },
    }


def _inwards(part: Part, same: Same, told: Mapping[str, str]) -> Rules:
    doors = [door for door in DOORS if door.target == part and door.same is same]
    return [{"from": [_end(door.source, told)], "ports": _ports(door)} for door in doors]


def _outwards(part: Part, same: Same, told: Mapping[str, str]) -> Rules:
    doors = [door for door in DOORS if door.source == part and door.same is same]
    return [{"to": [_end(door.target, told)], "ports": _ports(door)} for door in doors]


def _end(part: Part, told: Mapping[str, str]) -> Manifest:
    return {
        "namespaceSelector": {"matchLabels": {_ZONE_NAME: namespace(part.zone)}},
        "podSelector": {"matchLabels": {**part.labels, **told}},
    }


def _ports(door: Door) -> Rules:
    return [{"protocol": "TCP", "port": door.port}]


def _from_ingress(values: Values, port: int) -> Manifest:
    ends = [{"namespaceSelector": {"matchLabels": {_ZONE_NAME: values.ingress_namespace}}}]
    return {"from": ends, "ports": [{"protocol": "TCP", "port": port}]}


def _beyond(part: Part, values: Values) -> Rules:
    wanted = [getattr(values.outside, each.service) for each in BEYOND if each.source == part]
    return [
        {
            "to": [{"ipBlock": {"cidr": str(cidr)}} for cidr in outside.cidrs],
            "ports": [{"protocol": "TCP", "port": outside.port}],
        }
        for outside in wanted
        if outside is not None
    ]


def _names() -> Manifest:
    end = {
        "namespaceSelector": {"matchLabels": {_ZONE_NAME: "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }
    return {"to": [end], "ports": [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]}
