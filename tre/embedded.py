"""The embedded default: everything on one machine, under one supervisor."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor

from tre.config import at_rest
from tre.config.home import check_short, close_to_others
from tre.config.options import Options, load
from tre.config.secrets import secret
from tre.progress import Say, step
from tre.supervisor import Service, Supervisor, check_ports, only_one
from tre.workspace.sandbox import check_available, check_own_users


def prepare(say: Say) -> None:
    """Create the database and, in demonstration mode, everything that the demonstration needs.

    Every part looks whether it is done already, so that it can be cut off anywhere and run again.

    Raises
    ------
    AuditBroken
        When the audit log does not continue what was signed before: then nothing was done or written yet.
    """
    import django

    options = load()
    close_to_others(options.home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tre.config.settings")
    django.setup()
    from django.core.management import call_command

    from tre.airlock.registry import publish_public_key
    from tre.audit.checkpoints import write_checkpoint
    from tre.people.services import refuse_demonstration_accounts, register_hub_client

    at_rest.check(options, say)
    with step(say, "Database"):
        call_command("migrate", "audit", interactive=False, verbosity=0)  # the log's own tables, for it to be read
        write_checkpoint()  # a log that does not continue what was signed before stops the start, before all else
        call_command("migrate", interactive=False, verbosity=0)
        if not options.demonstration:
            refuse_demonstration_accounts()
        register_hub_client(f"{options.hub}/hub/oauth_callback")
        publish_public_key()
    with ThreadPoolExecutor(max_workers=1) as beside:  # nothing of the demonstration needs them before it is started
        databases = beside.submit(_mlflow_databases, options, say)
        if options.demonstration:
            from tre.demonstration import build, people

            with step(say, "Demonstration accounts"):
                people()
            build(say)
        databases.result()
    write_checkpoint()  # what the start wrote is covered


def _mlflow_databases(options: Options, say: Say) -> None:
    from tre.runs.runner import run_job
    from tre.workspace.services import tracking_template  # its models need Django

    tracking = [options.path("registry", "registry.db"), tracking_template()]
    accounts = options.path("registry", "accounts.db")
    if not all(path.exists() for path in (*tracking, accounts)):
        with step(say, "MLflow's databases"):
            run_job("databases", {"tracking": [*map(str, tracking)], "accounts": [str(accounts)]}, plane="ml")


def up(say: Say) -> int:
    """Prepare what is missing, start every process, and watch until a signal asks to stop.

    Raises
    ------
    TreError
        When a port is taken, another supervisor runs here, or a service does not start.
    """
    options = load()
    check_short(options.home)
    if options.sandbox == "bubblewrap":
        check_available()
        check_own_users(options, say)
    with only_one(options.home):
        check_ports(ports(options), options.host)
        prepare(say)
        _close_left_workspaces()
        supervisor = Supervisor(options.path("logs"), say)
        supervisor.stop_on_signals()
        try:
            with step(say, "Starting"):
                supervisor.start(services(options))
                from tre.airlock.registry import open_deployer_account  # its models need the prepared database

                open_deployer_account()
            say(f"\nOpen {options.portal}")
            if options.demonstration:
                from tre.demonstration import sign_ins

                say(sign_ins())
            say("Ctrl-C or `make down` stops everything.")
            supervisor.watch()
        finally:
            supervisor.stop()
            from tre.audit.checkpoints import write_checkpoint  # its models need the prepared database

            write_checkpoint()  # nothing writes any more: what is there is covered
    return 0


def _close_left_workspaces() -> None:
    """Close what a supervisor that is gone left open: no launcher outlives its supervisor."""
    from tre.workspace.services import close_all  # its models need the prepared database

    close_all("the platform started anew")


def ports(options: Options) -> dict[str, int]:
    """Return every port that the embedded default listens on, by the setting that moves it."""
    names = ("portal_port", "hub_port", "hub_api_port", "proxy_api_port", "registry_port")
    return {f"TRE_{name.upper()}": getattr(options, name) for name in names}


def services(options: Options) -> list[Service]:
    """Return the processes of the embedded default, in the order in which they start."""
    from tre.workspace import commands

    own = environment(options)
    portal = [sys.executable, "-m", "uvicorn", "tre.config.asgi:application", "--host", options.host]
    portal += ["--port", str(options.portal_port), "--no-access-log", "--no-server-header", "--log-level", "warning"]
    portal += ["--no-proxy-headers"]  # else whoever calls from this machine chooses the address that sign-in counts
    tre = [sys.executable, "-m", "tre.cli"]
    hub_ready = f"{options.hub_api_internal}/"
    return [
        Service("portal", portal, own, f"{options.portal_internal}/health"),
        Service("registry", *_registry(options, own), f"{options.registry_internal}/health"),
        Service("worker", [*tre, "worker"], own),
        Service("rooms", [*tre, "rooms"], own),
        Service("proxy", *commands.proxy(options, own)),
        Service("hub", *commands.hub(options, own), hub_ready),
    ]


def _registry(options: Options, own: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    from ml import registry

    passwords = secret("registry-administrator"), secret("registry-forms")
    return registry.command(options.path("registry"), options.registry_port, own, *passwords)


def environment(options: Options) -> dict[str, str]:
    """Return the whole environment of the platform's own processes: what they need and nothing inherited."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "JAVA_HOME", "TZ") if name in os.environ}
    settings = {name: value for name, value in os.environ.items() if name.startswith("TRE_")}
    own = {"TRE_HOME": str(options.home), "DJANGO_SETTINGS_MODULE": "tre.config.settings"}
    return {**kept, **settings, **own, "TRE_SUPERVISOR": str(os.getpid())}
