"""Every setting of the product, typed, in one place.

A setting comes from the environment (``TRE_`` and its name in capitals) or from ``tre.toml`` in the home folder;
the environment wins. :func:`load` refuses what is wrong with a sentence that says what to do.
"""

from __future__ import annotations

import os
import re
from decimal import Decimal
from functools import lru_cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from tre.config.targets import ReleaseTarget
from tre.errors import SettingsError

REPOSITORY = Path(__file__).resolve().parents[2]
SIGN_IN_SECONDS = 8 * 3600  # a working day: how long a sign-in lasts, at the portal and at the Hub alike

_FHIR_BESIDE = REPOSITORY.parent / "shared" / "data" / "synthea-fhir-10"


def _home_from_environment() -> Path:
    return Path(os.environ.get("TRE_HOME", REPOSITORY / ".tre")).resolve()


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"  # any other name may be resolved to any address


def _shares_names(portal: str, hub: str) -> bool:
    """Return whether the portal's name is one that the Hub or a person's notebook server answers to."""
    return portal == hub or portal.endswith(f".{hub}")


class Size(BaseModel):
    """How large a workspace is: ``megabytes`` (2**20 bytes) of memory, and ``processors``, for all its processes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    megabytes: int = Field(ge=512)
    processors: float = Field(ge=0.1)


_SIZES = {
    "small": Size(megabytes=2048, processors=1),
    "medium": Size(megabytes=6144, processors=2),  # learning on a project's extract fits
    "large": Size(megabytes=12_288, processors=4),
}


class Options(BaseSettings):
    """The product's settings. See ``docs/settings.md``, which is generated from this class."""

    model_config = SettingsConfigDict(env_prefix="TRE_", extra="forbid", frozen=True)

    home: Path = Field(
        default_factory=_home_from_environment,
        description="Folder that holds all state.",
        examples=["`.tre` beside the code"],
    )
    mode: Literal["demonstration", "production"] = Field(
        "demonstration",
        description="Production refuses demonstration accounts, plain HTTP and weak settings.",
    )
    host: str = Field("127.0.0.1", description="Address that the portal and the Hub's proxy listen on.")
    portal_port: int = Field(8400, ge=1, le=65535, description="Port of the portal and airlock.")
    hub_port: int = Field(8401, ge=1, le=65535, description="Port of the Hub's proxy (the only way to a notebook).")
    hub_api_port: int = Field(8402, ge=1, le=65535, description="Port of the Hub behind its proxy.")
    proxy_api_port: int = Field(8403, ge=1, le=65535, description="Port of the Hub proxy's own interface.")
    registry_port: int = Field(8404, ge=1, le=65535, description="Port of the release MLflow registry.")
    portal_url: str = Field("", description="Public address of the portal; empty means http://localhost:PORT.")
    portal_internal_url: str = Field(
        "", description="Address at which the product's own servers reach the portal; empty means the loopback address."
    )
    hub_url: str = Field("", description="Public address of the Hub; empty means http://hub.localhost:PORT.")
    trusted_proxies: int = Field(
        0,
        ge=0,
        description="How many proxies of your own stand before the portal. Sign-in counts attempts by the address that "
        "the outermost of them saw; with 0 by the address that calls, whatever a header says.",
    )
    database_url: str = Field("", description="postgresql://user:password@host/name; empty means SQLite in home.")
    sandbox: Literal["bubblewrap", "none"] = Field(
        "bubblewrap",
        description="What isolates a workspace. With `none` no workspace opens (for work on the pages); refused in "
        "production.",
    )
    sandbox_uid_base: int = Field(60000, ge=1000, description="First user id given to sandboxes when run as root.")
    workspace_profile: Literal["standard", "strict"] = Field(
        "standard",
        description="The profile of a project for which no assessment has chosen one. `strict` shows its workspaces as "
        "pixels: see docs/decisions/0023.",
    )
    workspace_sizes: dict[str, Size] = Field(
        default_factory=lambda: dict(_SIZES),
        description="The sizes that a researcher chooses from, as JSON: of each its `megabytes` (2**20 bytes) of "
        "memory and its `processors`, for one notebook server with all its kernels.",
        examples=["small (2048 MB, 1 processor), medium (6144 MB, 2), large (12288 MB, 4)"],
    )
    workspace_size: str = Field("medium", description="The size of who has chosen none yet.")
    workspace_starts: int = Field(
        default_factory=lambda: len(os.sched_getaffinity(0)),
        ge=1,
        description="How many workspaces start at the same moment on this machine; who comes later waits, on a page "
        "that says so. A start takes a processor for some seconds.",
        examples=["one for each processor"],
    )
    workspace_idle_minutes: int = Field(
        60,
        ge=5,
        description="A workspace is closed when for so many minutes no browser was connected to it and it did no work.",
    )
    workspace_hours: int = Field(24, ge=1, description="A workspace is closed when it has been open for so many hours.")
    home_megabytes: int = Field(
        10_240,
        ge=100,
        description="Disk that a person's home in a project may take, in megabytes. It is measured: see "
        "docs/decisions/0018.",
    )
    shared_megabytes: int = Field(
        51_200,
        ge=100,
        description="Disk that a project's shared folder, its Spark and its MLflow may take together, in megabytes.",
    )
    project_megabytes: int = Field(
        24_576,
        ge=512,
        description="Memory that a project's open workspaces may have together, in megabytes, where a data manager has "
        "set nothing else.",
    )
    project_processor_hours: int = Field(
        2000,
        ge=1,
        description="Processor-hours that a project's workspaces may have in a calendar month, where a data manager "
        "has set nothing else. A workspace of 2 processors takes 2 in each hour that it is open.",
    )
    price_processor_hour: Decimal = Field(
        Decimal("0.03"), ge=0, description="What a processor costs for an hour, in pounds. An example: set your own."
    )
    price_gibibyte_hour: Decimal = Field(
        Decimal("0.004"), ge=0, description="What 1024 MB of memory cost for an hour, in pounds. An example too."
    )
    browser_megabytes: int = Field(
        1000,
        ge=50,
        description="How many megabytes (2**20 bytes) a person's notebook servers may send to their browser in a day. "
        "JupyterLab itself takes about 15 when it is first opened. Half of it is an alert in the audit log.",
    )
    strict_megabytes: int = Field(
        20_000,
        ge=500,
        description="The same for the pixels of a person's strict workspaces, which weigh more than the text that they "
        "show. A screen of JupyterLab takes about 0.05 each time that all of it is drawn anew, and a figure more.",
    )
    sign_ins_per_minute: int = Field(
        120,
        ge=10,
        description="How many sign-ins may come from one address in a minute: a whole hospital may share one. Of those "
        "that fail a quarter as many may, and five for each account in five minutes.",
    )
    require_mfa: bool = Field(True, description="Every sign-in needs a second factor; off is refused in production.")
    oidc_issuer: str = Field(
        "",
        description="Address of another organisation's OpenID provider, by which people may sign in; empty for none.",
    )
    oidc_name: str = Field("your organisation", description="What people call that provider.")
    oidc_client_id: str = Field("", description="This product's client id there.")
    oidc_client_secret_file: Path | None = Field(None, description="File, mode 0600, that holds its client secret.")
    oidc_amr: tuple[str, ...] = Field(
        ("mfa", "otp", "hwk", "swk", "sc", "fido"),
        description="Methods in the ID token's `amr` (RFC 8176), as a JSON list, of which one must have been used.",
    )
    oidc_acr: tuple[str, ...] = Field(
        (), description="Classes in the ID token's `acr`, as a JSON list, of which one is enough instead."
    )
    mail_server: str = Field(
        "",
        pattern=r"^(smtps?://.+)?$",
        description="smtp://user:password@host:587 (STARTTLS) or smtps://; empty means files in `mail` in home, which "
        "production refuses: invitations go by mail.",
    )
    mail_from: str = Field("tre@localhost", description="Address that the product's mail comes from.")
    disclosure_profile: str = Field("acro", description="Named rule set of policies/disclosure.yaml.")
    disclosure_pack: str = Field("uk", description="Recognisers and dictionaries of inspection: a folder of its packs.")
    disclosure_names_model: str = Field(
        "", description="A spaCy model that marks persons' names in outputs: an installed package, or a folder."
    )
    people: int = Field(20_000, ge=100, description="Size of the synthetic health system.")
    seed: int = Field(20260701, description="Seed of the synthetic health system.")
    spark_memory: str = Field("2g", pattern=r"^\d+[mg]$", description="Heap of each Spark driver.")
    spark_master: str = Field(
        "local[*]",
        pattern=r"^(local\[(\*|\d+)\]|spark://[\w.-]+:\d+)$",
        description="Where the data plane's jobs run: the cores of this machine, or a standalone cluster at "
        "spark://HOST:PORT, whose nodes run the same image and see landing, warehouse and extracts at the same paths: "
        "see docs/decisions/0043.",
    )
    mounted_store: bool = Field(
        False,
        description="Landing, warehouse and extracts lie in an object store that is mounted, whose files have no hard "
        "links: writers of a table are then kept apart by this machine, which alone may start jobs.",
    )
    spark_address: str = Field("", description="This machine's address, as the cluster's nodes reach it.")
    spark_secret_file: Path | None = Field(
        None, description="File, mode 0600, that holds the cluster's secret (`spark.authenticate.secret`)."
    )
    spark_executor_memory: str = Field("2g", pattern=r"^\d+[mg]$", description="Heap of each executor of a cluster.")
    spark_cores: int = Field(
        0, ge=0, description="Cores that one job takes of a cluster at most; 0 means all free ones."
    )
    spark_partitions: int = Field(
        8, ge=1, description="Parts that Spark shuffles rows into: on a cluster two or three for each core."
    )
    release_targets: dict[str, ReleaseTarget] = Field(
        default_factory=dict,
        description="Where releases may be delivered to, as JSON: of each its `kind` (folder, git or s3), its "
        "`address`, and as needed `branch`, `endpoint`, `region`, `credentials_file` and `ca_file`. A data manager "
        "chooses for a project; where they choose several, each request says which.",
        examples=["none: releases go to their authors alone"],
    )
    model_webhook: str = Field(
        "",
        description="Where a deployer's own server is told that a model was released, retired or recalled, or that an "
        "alias moved: an https:// address. Each message is signed as Standard Webhooks says; the page of released "
        "models shows the secret.",
        examples=["none: nobody is told but by notices"],
    )
    model_webhook_networks: tuple[str, ...] = Field(
        (),
        description="Private networks that the webhook's address may be in, as a JSON list, such as 10.20.0.0/16. "
        "By default it has to be a public address.",
    )
    clamd: str = Field(
        "",
        pattern=r"^(/.+|[^/\s]+:\d+)?$",
        description="Where ClamAV's daemon listens, which looks at what comes in: a socket's whole path, or HOST:PORT. "
        "Empty means `clamscan`, where that is installed. Its own configuration needs `AlertExceedsMax yes`: else it "
        "calls a file clean that is larger than it looks at.",
    )
    project_epsilon: float = Field(10.0, gt=0, description="Privacy budget (epsilon) that a new project receives.")
    audit_checkpoints: Path | None = Field(
        None,
        description="Folder of the audit log's signed checkpoints; empty means `audit` in home. In production: where "
        "the database's role and its administrators cannot write.",
    )
    keystore: Literal["file", "vault"] = Field(
        "file", description="Who keeps the keys: files in home, or HashiCorp Vault's transit engine."
    )
    vault_address: str = Field("", description="Address of Vault, such as https://vault.example:8200.")
    vault_mount: str = Field(
        "transit", pattern=r"^[\w-]+(/[\w-]+)*$", description="Where Vault's transit engine is mounted."
    )
    vault_prefix: str = Field("tre", pattern=r"^[\w-]+$", description="Each transit key is named PREFIX-PURPOSE.")
    vault_token_file: Path | None = Field(
        None, description="File, mode 0600, that holds Vault's token; an agent may renew it."
    )
    vault_ca_file: Path | None = Field(None, description="Certificates to trust for Vault in place of the system's.")
    fhir_sample: Path | None = Field(
        default_factory=lambda: _FHIR_BESIDE if _FHIR_BESIDE.is_dir() else None,
        description="Folder of FHIR NDJSON that lands as one more provider.",
        examples=["the sample beside the code, when it is there"],
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the arguments, then the environment, then ``tre.toml`` in the home folder."""
        toml = TomlConfigSettingsSource(settings_cls, toml_file=_home_from_environment() / "tre.toml")
        return init_settings, env_settings, toml

    @field_validator("portal_url", "portal_internal_url", "hub_url", "vault_address", "oidc_issuer")
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @field_validator("workspace_sizes")
    @classmethod
    def _sizes_have_plain_names(cls, value: dict[str, Size]) -> dict[str, Size]:
        if not all(re.fullmatch(r"[a-z][a-z0-9]{0,19}", name) for name in value):
            raise ValueError("a size is called by up to 20 small letters and digits, a letter first")
        return value

    @field_validator("release_targets")
    @classmethod
    def _targets_have_plain_names(cls, value: dict[str, ReleaseTarget]) -> dict[str, ReleaseTarget]:
        if not all(re.fullmatch(r"[a-z][a-z0-9-]{0,39}", name) for name in value):
            raise ValueError("a target is called by up to 40 small letters, digits and hyphens, a letter first")
        return value

    @field_validator("model_webhook_networks")
    @classmethod
    def _networks_are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            ip_network(each)
        return value

    @model_validator(mode="after")
    def _webhook_is_safe(self) -> Options:
        told = urlsplit(self.model_webhook)
        here = self.demonstration and told.scheme == "http" and _is_loopback(told.hostname or "")
        if self.model_webhook and not (here or (told.scheme == "https" and told.hostname)):
            raise ValueError("a webhook is reached by https://, or in a demonstration on this machine")
        if told.username or told.password or told.fragment:
            raise ValueError("a webhook's address holds no user and no fragment: its messages are signed")
        return self

    @model_validator(mode="after")
    def _default_size_is_one(self) -> Options:
        if self.workspace_size not in self.workspace_sizes:
            raise ValueError("the size of who has chosen none is no size: set TRE_WORKSPACE_SIZE to one of them")
        return self

    @model_validator(mode="after")
    def _cluster_is_whole(self) -> Options:
        if self.spark_master.startswith("spark://") and not (self.spark_address and self.spark_secret_file):
            raise ValueError(
                "a cluster and its jobs must know and reach each other: set TRE_SPARK_SECRET_FILE and TRE_SPARK_ADDRESS"
            )
        return self

    @model_validator(mode="after")
    def _demonstration_stays_here(self) -> Options:
        if self.demonstration and not _is_loopback(self.host):
            raise ValueError(
                "the demonstration shows its passwords and answers this machine alone: remove TRE_HOST, "
                "or set TRE_MODE to production"
            )
        return self

    @model_validator(mode="after")
    def _outside_provider_is_whole(self) -> Options:
        if self.oidc_issuer and not (self.oidc_client_id and self.oidc_client_secret_file):
            raise ValueError(
                "another OpenID provider needs a client: set TRE_OIDC_CLIENT_ID and TRE_OIDC_CLIENT_SECRET_FILE"
            )
        if self.oidc_issuer and not (self.oidc_amr or self.oidc_acr):
            raise ValueError("another OpenID provider must prove a second factor: set TRE_OIDC_AMR or TRE_OIDC_ACR")
        return self

    @model_validator(mode="after")
    def _production_is_strict(self) -> Options:
        if self.mode == "production":
            if not self.require_mfa:
                raise ValueError("production needs multi-factor sign-in: remove TRE_REQUIRE_MFA")
            if self.sandbox == "none":
                raise ValueError("production needs an isolated workspace: set TRE_SANDBOX to bubblewrap")
            for name in ("portal_url", "hub_url"):
                if not getattr(self, name).startswith("https://"):
                    raise ValueError(f"production needs HTTPS: set TRE_{name.upper()} to an https:// address")
            if _shares_names(urlsplit(self.portal).hostname or "", urlsplit(self.hub).hostname or ""):
                raise ValueError(
                    "production needs the portal on a name of its own, where no notebook answers: "
                    "set TRE_PORTAL_URL to a name that is neither the Hub's nor below it"
                )
            if not self.database_url:
                raise ValueError("production needs PostgreSQL: set TRE_DATABASE_URL")
            if self.oidc_issuer and not self.oidc_issuer.startswith("https://"):
                raise ValueError("production needs HTTPS: set TRE_OIDC_ISSUER to an https:// address")
            if not self.mail_server:
                raise ValueError("production invites people by mail: set TRE_MAIL_SERVER")
            if self.keystore == "vault" and not self.vault_address.startswith("https://"):
                raise ValueError("production needs HTTPS: set TRE_VAULT_ADDRESS to an https:// address")
        return self

    @property
    def portal(self) -> str:
        """Return the portal's public address, without a trailing slash."""
        return self.portal_url or f"http://localhost:{self.portal_port}"

    @property
    def hub(self) -> str:
        """Return the Hub's public address, without a trailing slash; each person's server is a subdomain of it."""
        return self.hub_url or f"http://hub.localhost:{self.hub_port}"

    @property
    def portal_internal(self) -> str:
        """Return the address at which the product's own servers reach the portal.

        Browsers resolve ``*.localhost``; the system's resolver does not, so on one machine it is the loopback address.
        """
        return self.portal_internal_url or f"http://127.0.0.1:{self.portal_port}"

    @property
    def hub_api_internal(self) -> str:
        """Return the Hub's own address behind its proxy, ending in ``/hub/api``."""
        return f"http://127.0.0.1:{self.hub_api_port}/hub/api"

    @property
    def registry_internal(self) -> str:
        """Return the address of the release MLflow registry."""
        return f"http://127.0.0.1:{self.registry_port}"

    @property
    def demonstration(self) -> bool:
        """Return whether demonstration accounts and synthetic data are allowed."""
        return self.mode == "demonstration"

    @property
    def checkpoints(self) -> Path:
        """Return the folder of the audit log's checkpoints."""
        return self.audit_checkpoints or self.path("audit")

    def path(self, *parts: str) -> Path:
        """Return a path below the home folder."""
        return self.home.joinpath(*parts)


@lru_cache(maxsize=1)
def load() -> Options:
    """Return the settings of this process.

    Raises
    ------
    SettingsError
        When a setting is unknown or wrong; the sentence names each.
    """
    try:
        return Options()
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = "TRE_" + "_".join(str(part) for part in first["loc"]).upper() if first["loc"] else "the settings"
        raise SettingsError(
            first["msg"].removeprefix("Value error, "), where=name, todo="Correct it and start again"
        ) from None
