"""The cluster's doors from the attacker's seat: who reaches whom is computed from the manifests themselves.

An evaluator of NetworkPolicies asks about every pair of ends and every port. The pods are those that the manifests and
the Hub's spawner make; the strangers are pods that wear a part's labels elsewhere, pods without any, and addresses.
What may be is written here by hand: it is not read from the list that the policies are made of.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from tests.cluster import OPENED, House, Manifest, not_restricted, pod_specs, started, values
from tre.cluster.manifests import files

WORKSPACES = (("ann", "frailty"), ("bob", "frailty"), ("ann", "asthma"))
RENDERED = [manifest for manifests in files(values()).values() for manifest in manifests]
Way = tuple[str, str, int]


@dataclass(frozen=True)
class End:
    """A pod with its labels, or an address outside (which has no namespace)."""

    name: str
    namespace: str = ""
    labels: dict[str, str] = field(default_factory=dict, hash=False)
    address: str = ""


def _matches(selector: Manifest, labels: dict[str, str]) -> bool:
    assert set(selector) <= {"matchLabels"}, "the evaluator knows no other selector"
    return selector.get("matchLabels", {}).items() <= labels.items()


def _is_peer(peer: Manifest, end: End) -> bool:
    if "ipBlock" in peer:
        assert set(peer) == {"ipBlock"}
        assert set(peer["ipBlock"]) == {"cidr"}
        return bool(end.address) and ip_address(end.address) in ip_network(peer["ipBlock"]["cidr"])
    if not end.namespace:
        return False
    assert "namespaceSelector" in peer, "without one it means the policy's own namespace, which no door of ours means"
    names = {
        "kubernetes.io/metadata.name": end.namespace
    }  # set by the API server; namespaces' other labels are not read
    return _matches(peer["namespaceSelector"], names) and _matches(peer.get("podSelector", {}), end.labels)


def _held(policies: list[Manifest], direction: str, end: End) -> list[Manifest] | None:
    """Return the rules that hold for an end in one direction, or None when no policy does (networking.k8s.io/v1)."""
    holding = [
        each["spec"]
        for each in policies
        if each["metadata"]["namespace"] == end.namespace
        and direction in each["spec"]["policyTypes"]
        and _matches(each["spec"]["podSelector"], end.labels)
    ]
    return [rule for spec in holding for rule in spec.get(direction.lower(), ())] if holding else None


def _open(rules: list[Manifest] | None, peers: str, other: End, ports: set[int]) -> set[int]:
    """Return the ports that rules open towards another end."""
    if rules is None:
        return ports
    let: set[int] = set()
    for rule in rules:
        if not rule.get(peers) or any(_is_peer(peer, other) for peer in rule[peers]):
            let |= {told["port"] for told in rule["ports"]} & ports if rule.get("ports") else ports
    return let


def ways(policies: list[Manifest], ends: list[End], ports: set[int]) -> set[Way]:
    """Return every way that is open between two ends, of which at least one is the product's."""
    outwards = {end.name: _held(policies, "Egress", end) for end in ends}
    inwards = {end.name: _held(policies, "Ingress", end) for end in ends}
    return {
        (source.name, target.name, port)
        for source in ends
        for target in ends
        if source is not target and any(end.namespace.startswith("tre-") for end in (source, target))
        for port in _open(outwards[source.name], "to", target, ports)
        & _open(inwards[target.name], "from", source, ports)
    }


def _role(labels: dict[str, str]) -> str:
    person = labels.get("hub.jupyter.org/username", "")
    told = [labels["tre/part"], labels.get("tre/project", ""), person]
    return " ".join(part for part in told if part)


@dataclass
class Cluster:
    policies: list[Manifest]
    ends: list[End]
    ports: set[int]
    made: list[Manifest]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Cluster:
    with pytest.MonkeyPatch.context() as patch:
        made = started(House(patch, tmp_path_factory.mktemp("hub")), *WORKSPACES)
    everything = RENDERED + made
    policies = [each for each in everything if each["kind"] == "NetworkPolicy"]
    ends = [
        End(_role(each["spec"]["template"]["metadata"]["labels"]), each["metadata"]["namespace"],
            each["spec"]["template"]["metadata"]["labels"])
        for each in RENDERED if each["kind"] == "Deployment"
    ]  # fmt: skip
    notebooks = {}
    for each in made:
        if each["kind"] == "Pod" and each["metadata"]["namespace"] == "tre-workspace":
            labels = each["metadata"]["labels"]
            notebooks[labels["tre/workspace"]] = _role(labels)
            ends.append(End(_role(labels), "tre-workspace", labels))
    for each in made:
        if each["kind"] == "Pod" and each["metadata"]["namespace"] == "tre-gates":
            labels = each["metadata"]["labels"]
            ends.append(End(notebooks[labels["tre/workspace"]].replace("notebook", "gate"), "tre-gates", labels))
    # The operator's own pods, by the labels that deploy/README.md tells of.
    for zone, part in (
        ("platform", "portal"), ("landing", "ingest"), ("landing", "store"), ("warehouse", "provision"),
        ("warehouse", "store"), ("workspace", "store"), ("airlock", "store"), ("airlock", "release"),
        ("release", "registry"),
    ):  # fmt: skip
        ends.append(End(f"{zone} {part}", f"tre-{zone}", {"tre/zone": zone, "tre/part": part}))
    # Strangers: without a label in each zone, and elsewhere with the labels of every part that there is.
    zones = {end.namespace for end in ends}
    ends += [End(f"stray in {zone}", zone) for zone in sorted(zones)]
    ends += [End(f"impostor of {end.name}", "default", end.labels) for end in list(ends) if end.labels]
    ends += [End("browsers", "ingress-nginx", {"app": "ingress"}), End("names", "kube-system", {"k8s-app": "kube-dns"})]
    ends += [
        End("anywhere", address="203.0.113.9"), End("metadata of the cloud", address="169.254.169.254"),
        End("a node", address="10.0.0.99"), End("kubernetes", address="10.0.0.10"),
        End("database", address="10.0.5.10"), End("mail", address="10.0.5.25"), End("vault", address="10.0.5.20"),
    ]  # fmt: skip
    ports = {22, 53, 80, 443, 587, 5000, 5432, 6443, 8000, 8001, 8081, 8200, 8400, 8888, 9000, 10250, 15002}
    return Cluster(policies, ends, ports, made)


def may() -> set[Way]:
    """Return the ways that may be open, and no other."""
    allowed: set[Way] = {
        ("browsers", "platform portal", 8400), ("browsers", "proxy", 8000), ("browsers", "release registry", 5000),
        ("proxy", "hub", 8081), ("hub", "proxy", 8001), ("hub", "platform portal", 8400), ("hub", "kubernetes", 6443),
        ("platform portal", "mail", 587), ("platform portal", "airlock store", 9000),
        ("landing ingest", "landing store", 9000), ("landing ingest", "warehouse store", 9000),
        ("warehouse provision", "warehouse store", 9000), ("warehouse provision", "workspace store", 9000),
        ("airlock release", "airlock store", 9000), ("airlock release", "release registry", 5000),
    }  # fmt: skip
    for part in ("platform portal", "landing ingest", "warehouse provision", "airlock release"):
        allowed |= {(part, "database", 5432), (part, "vault", 8200), (part, "names", 53)}
    allowed |= {("hub", "names", 53), ("proxy", "names", 53)}
    for person, project in WORKSPACES:
        gate, notebook, services = f"gate {project} {person}", f"notebook {project} {person}", f"services {project}"
        allowed |= {
            ("proxy", gate, 8000), ("hub", gate, 8000), (gate, "hub", 8081), (gate, "platform portal", 8400),
            (gate, "names", 53), (gate, notebook, 8888), (notebook, gate, 8081), (notebook, services, 15002),
            (notebook, services, 5000),
        }  # fmt: skip
    return allowed


def test_the_named_doors_are_open_and_nothing_else_is(cluster):
    assert ways(cluster.policies, cluster.ends, cluster.ports) == may()


def test_no_policy_can_be_left_out(cluster):
    """The test of the test: without any one policy, what is open is not what may be."""
    unseen = []
    for left_out in cluster.policies:
        others = [each for each in cluster.policies if each is not left_out]
        if ways(others, cluster.ends, cluster.ports) == may():
            unseen.append(left_out["metadata"])
    assert unseen == []
    assert len(cluster.policies) > 20


def _changed(policies: list[Manifest], change: Callable[[Manifest], None], name: str, zone: str) -> list[Manifest]:
    held = json.loads(json.dumps(policies))
    (one,) = [each for each in held if (each["metadata"]["name"], each["metadata"]["namespace"]) == (name, zone)]
    change(one["spec"])
    return list(held)


@pytest.mark.parametrize(
    ("name", "zone", "change"),
    [
        ("project-frailty-notebook", "tre-workspace", lambda spec: spec["egress"].append({})),
        ("project-frailty-services", "tre-workspace", lambda spec: spec["ingress"].append({})),
        ("default-deny", "tre-landing", lambda spec: spec["policyTypes"].remove("Egress")),
        ("default-deny", "tre-airlock", lambda spec: spec["policyTypes"].remove("Ingress")),
        ("gate", "tre-gates", lambda spec: spec["egress"].append({"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]})),
    ],
)
def test_a_policy_that_opens_more_is_seen(cluster, name, zone, change):
    assert ways(_changed(cluster.policies, change, name, zone), cluster.ends, cluster.ports) != may()


@pytest.mark.parametrize("manifest", [each for each in RENDERED if each["kind"] == "Deployment"], ids=str)
def test_what_is_rendered_is_restricted(manifest):
    assert [not_restricted(spec) for spec in pod_specs(manifest)] == [[]]


@pytest.mark.parametrize("calls", ["RuntimeDefault", "Localhost"])
def test_what_the_spawner_makes_is_restricted(monkeypatch, tmp_path, calls):
    house = House(monkeypatch, tmp_path, values=values(seccomp=calls))
    specs = [spec for each in started(house, ("ann", "frailty")) for spec in pod_specs(each)]
    assert [not_restricted(spec) for spec in specs] == [[], []]
    notebook = next(spec for spec in specs if spec["containers"][0]["name"] == "notebook")
    assert notebook["containers"][0]["securityContext"]["seccompProfile"]["type"] == calls


@pytest.mark.parametrize(
    "change",
    [
        lambda spec: spec.update(hostNetwork=True),
        lambda spec: spec["volumes"].append({"name": "host", "hostPath": {"path": "/"}}),
        lambda spec: spec["containers"][0]["securityContext"].update(privileged=True),
        lambda spec: spec["containers"][0]["securityContext"]["capabilities"].update(add=["NET_RAW"]),
        lambda spec: spec["containers"][0]["securityContext"].update(readOnlyRootFilesystem=False),
        lambda spec: spec["containers"][0]["securityContext"].update(seccompProfile={"type": "Unconfined"}),
        lambda spec: spec["containers"][0]["securityContext"].update(runAsUser=0),
        lambda spec: spec["containers"][0]["resources"]["limits"].pop("memory"),
    ],
)
def test_a_pod_that_is_not_restricted_is_seen(change):
    (spec,) = next(list(pod_specs(each)) for each in RENDERED if each["kind"] == "Deployment")
    spec = json.loads(json.dumps(spec))
    assert not_restricted(spec) == []
    change(spec)
    assert len(not_restricted(spec)) == 1


def test_only_the_hub_has_a_token_of_the_cluster_s(cluster):
    tokens = {
        each["metadata"]["name"]
        for each in RENDERED + cluster.made
        for spec in pod_specs(each)
        if spec.get("automountServiceAccountToken") is not False
    }
    assert tokens == {"hub"}
    assert all(
        spec.get("serviceAccountName", "default") == "default" for each in cluster.made for spec in pod_specs(each)
    )


def test_the_hub_may_do_what_it_does_and_no_more(monkeypatch, tmp_path):
    house = House(monkeypatch, tmp_path)

    async def scene() -> None:
        spawner = house.spawner("ann", "frailty")
        await spawner.start()
        await spawner.poll()
        await spawner.stop()

    asyncio.run(scene())
    granted = {
        (verb, kind, each["metadata"]["namespace"])
        for each in RENDERED if each["kind"] == "Role"
        for rule in each["rules"] for kind in rule["resources"] for verb in rule["verbs"]
    }  # fmt: skip
    assert set(house.api.asked) - granted == set()
    watched = {(verb, kind, "tre-workspace") for verb in ("list", "watch") for kind in ("pods", "events")}
    on_refusal = {("get", "persistentvolumeclaims", "tre-workspace"), ("get", "pods", "tre-workspace")}
    assert granted - set(house.api.asked) == watched | on_refusal
    assert not {kind for verb, kind, _ in granted if kind == "secrets" and verb in {"get", "list", "watch"}}
    assert not [each for each in RENDERED if each["kind"].startswith("Cluster")]


def test_no_secret_stands_outside_a_secret_and_no_key_of_the_platform_s_inside_the_notebook_s(monkeypatch, tmp_path):
    house = House(monkeypatch, tmp_path)
    made = started(house, ("ann", "frailty"))
    kept = {each["metadata"]["namespace"]: each["stringData"] for each in made if each["kind"] == "Secret"}
    told = json.loads(kept["tre-gates"]["gate.json"])
    secret = {OPENED["token"], OPENED["spark_token"], "the-server-s-own-token", told["opened"]}
    secret |= {f"the-{name}-secret" for name in ("hub-cookie", "hub-oidc", "hub-proxy", "hub-service")}
    open_text = json.dumps([each for each in made if each["kind"] != "Secret"])
    assert [each for each in secret if each in open_text] == []
    inside = json.dumps(kept["tre-workspace"])
    assert [each for each in secret if each in inside] == [OPENED["spark_token"]]
    notebook = next(each for each in made if each["kind"] == "Pod" and each["metadata"]["namespace"] == "tre-workspace")
    (container,) = notebook["spec"]["containers"]
    assert container.get("env", []) == []
    assert container["envFrom"] == [{"secretRef": {"name": notebook["metadata"]["name"]}}]


def test_a_notebook_mounts_what_a_sandbox_shows_and_the_extract_read_only(monkeypatch, tmp_path):
    made = started(House(monkeypatch, tmp_path), ("ann", "frailty"), ("ann", "asthma"), ("bob", "frailty"))
    notebooks = [each for each in made if each["kind"] == "Pod" and each["metadata"]["namespace"] == "tre-workspace"]
    homes = []
    for pod, project in zip(notebooks, ("frailty", "asthma", "frailty"), strict=True):
        volumes = {each["name"]: each for each in pod["spec"]["volumes"]}
        assert set(volumes) == {"tmp", "home", "shared", "data", "jupyter"}
        assert volumes["shared"]["persistentVolumeClaim"]["claimName"] == f"shared-{project}"
        assert volumes["data"]["persistentVolumeClaim"] == {"claimName": f"extracts-{project}", "readOnly": True}
        mounts = {each["name"]: each for each in pod["spec"]["containers"][0]["volumeMounts"]}
        assert mounts["data"]["readOnly"]
        assert mounts["data"]["subPath"] == "3"  # the extract that the portal named
        homes.append(volumes["home"]["persistentVolumeClaim"]["claimName"])
    assert len(set(homes)) == 3


def test_a_notebook_is_as_large_as_the_portal_said(monkeypatch, tmp_path):
    made = started(House(monkeypatch, tmp_path), ("ann", "frailty"))
    (limits,) = [
        each["spec"]["containers"][0]["resources"]["limits"]
        for each in made
        if each["kind"] == "Pod" and each["metadata"]["namespace"] == "tre-workspace"
    ]
    assert (limits["memory"], limits["cpu"]) == (OPENED["megabytes"] * 1024**2, OPENED["processors"])


def test_the_doors_stand_before_the_notebook_does(monkeypatch, tmp_path):
    kinds = [
        (each["kind"], each["metadata"]["namespace"])
        for each in started(House(monkeypatch, tmp_path), ("ann", "frailty"))
    ]
    notebook = kinds.index(("Pod", "tre-workspace"))
    assert all(kinds.index(("NetworkPolicy", zone)) < notebook for zone in ("tre-workspace", "tre-gates"))
    assert kinds.index(("Pod", "tre-gates")) < notebook


def test_a_notebook_whose_gate_has_ended_is_ended(monkeypatch, tmp_path):
    """A gate ends when the workspace is closed: nobody waits for the Hub to be told."""
    house = House(monkeypatch, tmp_path)

    async def scene() -> int | None:
        spawner = house.spawner("ann", "frailty")
        await spawner.start()
        assert await spawner.poll() is None
        house.api.phase = "Succeeded"
        monkeypatch.setattr("tre.cluster.spawner._LOOK_SECONDS", 0.0)
        return await spawner.poll()

    assert asyncio.run(scene()) == 1
    assert not [key for key in house.api.there if key[0] == "pod"]


def test_a_start_that_fails_leaves_no_door(monkeypatch, tmp_path):
    house = House(monkeypatch, tmp_path)
    before = set(house.api.there)

    async def fails(own: Any) -> str:
        raise RuntimeError("no node has room")

    monkeypatch.setattr("kubespawner.KubeSpawner._start", fails)
    with pytest.raises(RuntimeError):
        started(house, ("ann", "frailty"))
    assert set(house.api.there) == before
