"""Every door of the cluster, in one list: who may call whom, on which port, and why. All else is refused.

A zone is a namespace; a part is what a pod in it is for. The list is DESIGN's zones with their named gates, and the
sandbox's doors (docs/decisions/0001 and 0004).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from tre.workspace.sandbox import MLFLOW_PORT, SPARK_PORT

ZONE, PART, PROJECT, WORKSPACE = "tre/zone", "tre/part", "tre/project", "tre/workspace"  # labels
ZONES = ("platform", "gates", "landing", "warehouse", "workspace", "airlock", "release")

PORTAL_PORT, HUB_PORT, PROXY_PORT, PROXY_API_PORT = 8400, 8081, 8000, 8001
GATE_PORT, DOOR_PORT, NOTEBOOK_PORT = 8000, 8081, 8888
STORE_PORT, REGISTRY_PORT = 9000, 5000


class Same(Enum):
    """What the two ends of a door must share, beyond being what they are."""

    NOTHING = ""
    PROJECT = PROJECT
    WORKSPACE = WORKSPACE


@dataclass(frozen=True)
class Part:
    """What a pod is for, and the zone that it stands in."""

    zone: str
    name: str

    @property
    def labels(self) -> dict[str, str]:
        """Return the labels by which the part is known."""
        return {ZONE: self.zone, PART: self.name}


@dataclass(frozen=True)
class Door:
    """One way: ``source`` may call ``target`` on ``port``."""

    source: Part
    target: Part
    port: int
    why: str
    same: Same = Same.NOTHING


@dataclass(frozen=True)
class Beyond:
    """One way out of the cluster's parts: ``source`` may call the named outside service of the values."""

    source: Part
    service: str
    why: str


PORTAL, HUB, PROXY = Part("platform", "portal"), Part("platform", "hub"), Part("platform", "proxy")
GATE = Part("gates", "gate")
NOTEBOOK, SERVICES = Part("workspace", "notebook"), Part("workspace", "services")
INGEST, LANDING_STORE = Part("landing", "ingest"), Part("landing", "store")
PROVISION, WAREHOUSE_STORE = Part("warehouse", "provision"), Part("warehouse", "store")
EXTRACTS = Part("workspace", "store")
RELEASE, AIRLOCK_STORE = Part("airlock", "release"), Part("airlock", "store")
REGISTRY = Part("release", "registry")
# Whom browsers reach, through the cluster's own ingress, which ends TLS.
PUBLIC = ((PORTAL, PORTAL_PORT), (PROXY, PROXY_PORT), (REGISTRY, REGISTRY_PORT))

DOORS = (
    Door(PROXY, HUB, HUB_PORT, "the Hub's own pages"),
    Door(HUB, PROXY, PROXY_API_PORT, "the Hub tells the proxy its routes"),
    Door(PROXY, GATE, GATE_PORT, "a browser comes to a workspace by its gate alone"),
    Door(HUB, GATE, GATE_PORT, "the Hub asks whether a workspace answers"),
    Door(HUB, PORTAL, PORTAL_PORT, "sign-in, and whether a workspace may open"),
    Door(GATE, HUB, HUB_PORT, "who is signed in, and three questions of the notebook server"),
    Door(GATE, PORTAL, PORTAL_PORT, "the workspace's interface, and the count of what goes to a browser"),
    Door(GATE, NOTEBOOK, NOTEBOOK_PORT, "the gate stands before its own notebook server", Same.WORKSPACE),
    Door(NOTEBOOK, GATE, DOOR_PORT, "the notebook's one way to the platform", Same.WORKSPACE),
    Door(NOTEBOOK, SERVICES, SPARK_PORT, "its own project's Spark Connect", Same.PROJECT),
    Door(NOTEBOOK, SERVICES, MLFLOW_PORT, "its own project's MLflow", Same.PROJECT),
    Door(INGEST, LANDING_STORE, STORE_PORT, "ingest reads what was sent"),
    Door(INGEST, WAREHOUSE_STORE, STORE_PORT, "ingest publishes what it linked and pseudonymised"),
    Door(PROVISION, WAREHOUSE_STORE, STORE_PORT, "provision reads published tables"),
    Door(PROVISION, EXTRACTS, STORE_PORT, "provision writes a project's extract"),
    Door(PORTAL, AIRLOCK_STORE, STORE_PORT, "submit freezes what came through a workspace's gate"),
    Door(RELEASE, AIRLOCK_STORE, STORE_PORT, "inspection and release read frozen bytes"),
    Door(RELEASE, REGISTRY, REGISTRY_PORT, "release registers an approved model"),
)
BEYOND = (
    Beyond(HUB, "kubernetes", "the Hub makes workspaces"),
    Beyond(PORTAL, "mail", "invitations"),
    *(Beyond(part, "database", "what was decided") for part in (PORTAL, INGEST, PROVISION, RELEASE)),
    *(Beyond(part, "vault", "keys") for part in (PORTAL, INGEST, PROVISION, RELEASE)),
)
# Who finds others by name. A notebook and a project's services find nobody: they are told addresses.
NAMING = (PORTAL, HUB, PROXY, GATE, INGEST, PROVISION, RELEASE)


def namespace(zone: str) -> str:
    """Return a zone's namespace."""
    return f"tre-{zone}"


def address(part: Part, port: int) -> str:
    """Return where a part's Service is found by its name, which is the part's."""
    return f"http://{part.name}.{namespace(part.zone)}.svc:{port}"


def parts() -> Iterator[Part]:
    """Yield every part that a door begins or ends at, once."""
    yield from dict.fromkeys(end for door in DOORS for end in (door.source, door.target))
