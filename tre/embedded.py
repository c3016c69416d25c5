"""The embedded default: everything on one machine, under one supervisor."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tre.config.options import Options, load
from tre.supervisor import Service, Supervisor, check_ports, only_one

Say = Callable[[str], None]


@contextmanager
def step(say: Say, text: str) -> Iterator[None]:
    """Announce a long step and, when it is done, how long it took."""
    began = time.monotonic()
    say(f"{text} ...")
    yield
    say(f"{text}: done in {time.monotonic() - began:.0f} s")


def prepare(say: Say) -> None:
    """Create the database and, in demonstration mode, everything that the demonstration needs.

    Every part looks whether it is done already, so that it can be cut off anywhere and run again.
    """
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tre.config.settings")
    django.setup()
    from django.core.management import call_command

    from tre.people.services import register_hub_client

    options = load()
    with step(say, "Database"):
        call_command("migrate", interactive=False, verbosity=0)
        register_hub_client(f"{options.hub}/hub/oauth_callback")
    if options.demonstration:
        from tre.demonstration import build

        build(say)


def up(say: Say) -> int:
    """Prepare what is missing, start every process, and watch until a signal asks to stop.

    Raises
    ------
    TreError
        When a port is taken, another supervisor runs here, or a service does not start.
    """
    options = load()
    with only_one(options.home):
        check_ports(
            {
                "TRE_PORTAL_PORT": options.portal_port,
                "TRE_HUB_PORT": options.hub_port,
                "TRE_HUB_API_PORT": options.hub_api_port,
                "TRE_PROXY_API_PORT": options.proxy_api_port,
                "TRE_REGISTRY_PORT": options.registry_port,
            },
            options.host,
        )
        prepare(say)
        supervisor = Supervisor(options.path("logs"), say)
        supervisor.stop_on_signals()
        try:
            with step(say, "Starting"):
                supervisor.start(services(options))
            say(f"\nOpen {options.portal}")
            if options.demonstration:
                from tre.demonstration import sign_ins

                say(sign_ins())
            say("Ctrl-C or `make down` stops everything.")
            supervisor.watch()
        finally:
            supervisor.stop()
    return 0


def services(options: Options) -> list[Service]:
    """Return the processes of the embedded default, in the order in which they start."""
    from ml.registry import registry_command

    from tre.config.secrets import secret
    from tre.workspace.commands import hub_command, proxy_command

    python, own = sys.executable, environment(options)
    proxy, proxy_env = proxy_command()
    hub, hub_env = hub_command()
    registry, registry_env = registry_command(options.path("registry"), options.registry_port, secret("registry-admin"))
    portal = [python, "-m", "uvicorn", "tre.config.asgi:application", "--host", options.host]
    portal += ["--port", str(options.portal_port), "--no-access-log", "--no-server-header"]
    return [
        Service("portal", portal, own, f"{options.portal_internal}/health"),
        Service("worker", [python, "-m", "tre.cli", "worker"], own),
        Service("rooms", [python, "-m", "tre.cli", "rooms"], own),
        Service("registry", registry, registry_env, f"{options.registry_internal}/health"),
        Service("proxy", proxy, proxy_env),
        Service("hub", hub, hub_env, f"{options.hub_api_internal}/"),
    ]


def environment(options: Options) -> dict[str, str]:
    """Return the whole environment of the platform's own processes: what they need and nothing inherited."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "JAVA_HOME", "TZ") if name in os.environ}
    settings = {name: value for name, value in os.environ.items() if name.startswith("TRE_")}
    return {**kept, **settings, "TRE_HOME": str(options.home), "DJANGO_SETTINGS_MODULE": "tre.config.settings"}
