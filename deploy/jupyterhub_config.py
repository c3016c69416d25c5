"""JupyterHub reads this in a cluster: KubeSpawner with the sandbox's doors. See deploy/README.md."""

from tre.cluster.hub import configure

configure(get_config())  # type: ignore[name-defined]  # noqa: F821 - JupyterHub provides it
