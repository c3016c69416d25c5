"""What differs from one cluster to the next, typed, from one file. The Hub reads the very file that was rendered."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from tre.errors import SettingsError

_NAME = r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$"  # RFC 1123, as Kubernetes names and label values take it
_SIZE = r"^[1-9][0-9]*(Mi|Gi|Ti)$"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Outside(_Strict):
    """Something that runs outside the cluster, or by itself in it: addresses and a port."""

    cidrs: tuple[IPv4Network | IPv6Network, ...] = Field(min_length=1)
    port: int = Field(ge=1, le=65535)

    @field_validator("cidrs")
    @classmethod
    def _not_everything(cls, value: tuple[IPv4Network | IPv6Network, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
        if any(each.prefixlen < 8 for each in value):
            raise ValueError("name the few addresses of the service, not a whole network")
        return value


class Outsides(_Strict):
    """What the platform calls that is none of its pods."""

    kubernetes: Outside
    database: Outside
    mail: Outside
    vault: Outside | None = None


class Project(_Strict):
    """One project that has Spark and MLflow in the cluster: its code, group id and extract, as the portal has them."""

    code: str = Field(pattern=r"^[a-z][a-z0-9]{1,19}$")  # as tre.projects has it
    gid: int = Field(ge=1000)
    extract: int = Field(ge=1)


class Values(_Strict):
    """The values of one cluster.

    Sizes are Kubernetes quantities of storage. How large a workspace is, the portal says when it is opened.
    """

    image: str = Field(pattern=r"^[^\s@]+@sha256:[0-9a-f]{64}$", description="By its digest: a tag can be moved.")
    portal: str = Field(pattern=r"^https://[^/\s]+$")
    hub: str = Field(pattern=r"^https://[^/\s]+$")
    ingress_namespace: str = Field(pattern=_NAME)
    outside: Outsides
    seccomp: Literal["RuntimeDefault", "Localhost"] = "RuntimeDefault"
    home_class: str = Field(pattern=_NAME)
    shared_class: str = Field(pattern=_NAME, description="Must allow ReadWriteMany.")
    home_size: str = Field("20Gi", pattern=_SIZE)
    shared_size: str = Field("100Gi", pattern=_SIZE)
    spark_memory: str = Field("2g", pattern=r"^\d+[mg]$")
    projects: tuple[Project, ...] = ()

    @field_validator("projects")
    @classmethod
    def _each_once(cls, value: tuple[Project, ...]) -> tuple[Project, ...]:
        for name, held in (("code", [each.code for each in value]), ("gid", [each.gid for each in value])):
            if len(set(held)) != len(held):
                raise ValueError(f"two projects have the same {name}")
        return value


def read(path: Path) -> Values:
    """Return the values of a file.

    Raises
    ------
    SettingsError
        When the file cannot be read, or a value is missing, unknown or wrong; the sentence names the first.
    """
    try:
        return Values.model_validate(yaml.safe_load(path.read_text()))
    except OSError as error:
        raise SettingsError(
            "The values cannot be read", where=f"{path}: {error.strerror}", todo="Name the file"
        ) from None
    except yaml.YAMLError:
        raise SettingsError("The values are no YAML", where=str(path), todo="Correct the file") from None
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"]) or "the values"
        raise SettingsError(
            first["msg"].removeprefix("Value error, "), where=f"{path}: {name}", todo="Correct it and render again"
        ) from None
