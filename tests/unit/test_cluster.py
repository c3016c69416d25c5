"""The cluster's manifests: rendered from values, and held to Kubernetes' own schemas."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys

import httpx
import kubernetes_validate
import pytest
import yaml

from tests.cluster import OPENED, REPOSITORY, House, check_schema, pod_specs, started, values
from tre.cluster import gate_pod
from tre.cluster.__main__ import main, render
from tre.cluster.manifests import files
from tre.cluster.profile import FILE, profile
from tre.cluster.values import read
from tre.errors import SettingsError

SOURCE = REPOSITORY / "deploy" / "values.yaml"
RENDERED = [manifest for manifests in files(values()).values() for manifest in manifests]


def name(manifest: dict) -> str:
    meta = manifest["metadata"]
    return f"{manifest['kind']} {meta.get('namespace', '')}/{meta['name']}"


@pytest.mark.parametrize("manifest", RENDERED, ids=name)
def test_each_manifest_keeps_the_schema(manifest):
    check_schema(manifest)


def test_a_field_that_kubernetes_does_not_know_is_told():
    wrong = json.loads(json.dumps(next(each for each in RENDERED if each["kind"] == "NetworkPolicy")))
    wrong["spec"]["egres"] = wrong["spec"].pop("egress")
    with pytest.raises(kubernetes_validate.ValidationError):
        check_schema(wrong)


def test_no_two_manifests_are_of_one_name():
    assert len({name(each) for each in RENDERED}) == len(RENDERED)


def test_a_deployment_selects_its_own_pods_and_a_service_those_that_listen():
    templates = [each["spec"]["template"] for each in RENDERED if each["kind"] == "Deployment"]
    for each in RENDERED:
        if each["kind"] == "Deployment":
            labels = each["spec"]["template"]["metadata"]["labels"]
            assert each["spec"]["selector"]["matchLabels"].items() <= labels.items()
        if each["kind"] == "Service" and each["metadata"]["name"] != "portal":  # its pods are the operator's own
            chosen = [
                told for told in templates if each["spec"]["selector"].items() <= told["metadata"]["labels"].items()
            ]
            (template,) = chosen
            listens = {port["containerPort"] for box in template["spec"]["containers"] for port in box["ports"]}
            assert {port["targetPort"] for port in each["spec"]["ports"]} <= listens


def test_every_claim_secret_and_map_that_a_pod_mounts_is_made_or_named_in_the_readme():
    made = {
        (each["kind"], each["metadata"]["namespace"], each["metadata"]["name"])
        for each in RENDERED
        if "namespace" in each["metadata"]
    }
    told = (REPOSITORY / "deploy" / "README.md").read_text()
    for manifest in RENDERED:
        where = manifest["metadata"].get("namespace")
        for spec in pod_specs(manifest):
            for volume in spec["volumes"]:
                if "persistentVolumeClaim" in volume:
                    assert ("PersistentVolumeClaim", where, volume["persistentVolumeClaim"]["claimName"]) in made
                if "configMap" in volume:
                    assert ("ConfigMap", where, volume["configMap"]["name"]) in made
                for item in volume.get("secret", {}).get("items", ()):
                    assert item["key"] in told


def test_the_command_writes_files_that_say_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["tre.cluster", "render", str(SOURCE), str(tmp_path)])
    assert main() == 0
    listed = yaml.safe_load((tmp_path / "kustomization.yaml").read_text())["resources"]
    held = [each for path in listed for each in yaml.safe_load_all((tmp_path / path).read_text())]
    assert held == json.loads(json.dumps(RENDERED))


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_kustomize_takes_them(tmp_path):
    render(SOURCE, tmp_path)
    done = subprocess.run(["kubectl", "kustomize", str(tmp_path)], capture_output=True, text=True, check=True)
    assert len(list(yaml.safe_load_all(done.stdout))) == len(RENDERED)


def test_the_hub_reads_the_values_that_were_rendered(tmp_path):
    held = next(each for each in RENDERED if each["kind"] == "ConfigMap" and each["metadata"]["name"] == "values")
    (tmp_path / "values.yaml").write_text(held["data"]["values.yaml"])
    assert read(tmp_path / "values.yaml") == values()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("image: tre:latest", "image"),
        ("portal: http://portal.example", "portal"),
        ("colour: red", "colour"),
        ("seccomp: Unconfined", "seccomp"),
        ("projects: [{code: a1, gid: 61001, extract: 1}, {code: b1, gid: 61001, extract: 1}]", "same gid"),
        ("projects: [{code: '../etc', gid: 61001, extract: 1}]", "code"),
        ("outside: {kubernetes: {cidrs: [0.0.0.0/0], port: 1}}", "few addresses"),
        ("image: [", "no YAML"),
    ],
)
def test_a_wrong_value_is_one_sentence(tmp_path, line, said, monkeypatch, capsys):
    path = tmp_path / "values.yaml"
    kept = "" if line.endswith("[") else SOURCE.read_text()
    path.write_text(yaml.safe_dump(yaml.safe_load(kept) | yaml.safe_load(line)) if kept else line)
    with pytest.raises(SettingsError, match=said):
        read(path)
    monkeypatch.setattr(sys, "argv", ["tre.cluster", "render", str(path), str(tmp_path / "out")])
    assert main() != 0
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_the_profile_of_system_calls_is_the_sandbox_s():
    assert json.loads((REPOSITORY / "deploy" / "seccomp" / FILE).read_text()) == profile()


def test_a_filter_made_of_the_profile_is_the_sandbox_s_own():
    """What a runtime makes of the profile, by libseccomp as runtimes do, is the program that bubblewrap gets."""
    pyseccomp = pytest.importorskip("pyseccomp")
    import os

    from tre.workspace import seccomp

    filter_ = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    comparisons = {"SCMP_CMP_EQ": pyseccomp.EQ, "SCMP_CMP_GE": pyseccomp.GE, "SCMP_CMP_MASKED_EQ": pyseccomp.MASKED_EQ}
    for rule in profile()["syscalls"]:
        (call,) = rule["names"]
        if pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, call) == -1:
            continue
        where = [
            pyseccomp.Arg(each["index"], comparisons[each["op"]], each["value"], each.get("valueTwo", 0))
            for each in rule.get("args", ())
        ]
        filter_.add_rule(pyseccomp.ERRNO(rule["errnoRet"]), call, *where)
    made = os.memfd_create("made", 0)
    with os.fdopen(os.dup(made), "wb") as out:
        filter_.export_bpf(out)
    ours = seccomp.program()
    try:
        assert os.pread(made, 1 << 20, 0) == os.pread(ours, 1 << 20, 0)
    finally:
        os.close(made)
        os.close(ours)


def test_what_the_spawner_makes_keeps_the_schema(monkeypatch, tmp_path):
    for manifest in started(House(monkeypatch, tmp_path), ("ann", "frailty")):
        check_schema(manifest)


def test_a_project_without_spark_in_the_cluster_says_so(monkeypatch, tmp_path):
    house = House(monkeypatch, tmp_path)
    house.api.there.clear()
    with pytest.raises(Exception, match="no Spark in the cluster"):
        started(house, ("ann", "frailty"))
    assert house.api.there == {}


def test_stopping_leaves_the_home_alone(monkeypatch, tmp_path):
    house = House(monkeypatch, tmp_path)
    before = dict(house.api.there)

    async def scene() -> None:
        spawner = house.spawner("ann", "frailty")
        address = await spawner.start()
        assert address == f"http://{spawner.gate}:8000"
        kept = spawner.get_state()
        again = house.spawner("ann", "frailty")
        again.load_state(kept)
        assert await again.poll() is None
        await again.stop()

    asyncio.run(scene())
    left = {key for key in house.api.there if key not in before}
    assert [kind for kind, _, _ in left] == ["persistent_volume_claim"]
    assert house.asked[-1] == ("close", {"session": OPENED["session"]})


@pytest.mark.parametrize(("status", "ends"), [(403, True), (401, True), (200, False), (500, False)])
def test_a_gate_ends_when_its_workspace_is_closed(status, ends):
    async def scene() -> bool:
        transport = httpx.MockTransport(lambda request: httpx.Response(status, json={}))
        async with httpx.AsyncClient(transport=transport) as client:
            waiting = gate_pod.until_closed(client, "http://portal", "token", pause=0.01)
            try:
                await asyncio.wait_for(waiting, 20 if ends else 0.2)
            except TimeoutError:
                return False
            return True

    assert asyncio.run(scene()) is ends
