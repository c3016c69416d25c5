"""What another provider's ID token must say, and which settings of it are refused."""

from __future__ import annotations

import pytest

from tests.unit.test_options import PRODUCTION, loaded
from tre.config.secrets import private_file
from tre.errors import SettingsError
from tre.people.domain import second_factor_claimed

__all__ = ["loaded"]
AMR, ACR = ("mfa", "otp"), ("AAL3",)


@pytest.mark.parametrize(
    ("claims", "enough"),
    [
        ({"amr": ["pwd", "mfa"]}, True), ({"amr": ["otp"]}, True), ({"acr": "AAL3"}, True),
        ({"acr": "AAL3", "amr": ["pwd"]}, True), ({}, False), ({"amr": []}, False), ({"amr": ["pwd"]}, False),
        ({"amr": "mfa"}, False), ({"amr": {"mfa": 1}}, False), ({"amr": [["mfa"]]}, False), ({"amr": None}, False),
        ({"acr": "AAL2"}, False), ({"acr": ["AAL3"]}, False), ({"acr": None}, False), ({"amr": ["MFA"]}, False),
    ],
)  # fmt: skip
def test_a_second_factor_must_be_said_as_the_standards_have_it(claims, enough):
    assert second_factor_claimed(claims, AMR, ACR) is enough


OUTSIDE = {"TRE_OIDC_ISSUER": "https://login.example", "TRE_OIDC_CLIENT_ID": "tre"}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"TRE_OIDC_CLIENT_ID": ""}, "TRE_OIDC_CLIENT_ID"), ({"TRE_OIDC_CLIENT_SECRET_FILE": ""}, "SECRET_FILE"),
        ({"TRE_OIDC_AMR": "[]"}, "TRE_OIDC_AMR"), ({"TRE_OIDC_ISSUER": "http://login.example"}, "TRE_OIDC_ISSUER"),
    ],
)  # fmt: skip
def test_a_provider_that_is_not_whole_is_refused(loaded, monkeypatch, tmp_path, changes, named):
    told = {**PRODUCTION, **OUTSIDE, "TRE_OIDC_CLIENT_SECRET_FILE": str(tmp_path / "secret")}
    assert loaded(**told).oidc_issuer == "https://login.example"
    wrong = {**told, **changes}
    if not wrong["TRE_OIDC_CLIENT_SECRET_FILE"]:
        monkeypatch.delenv("TRE_OIDC_CLIENT_SECRET_FILE")
        del wrong["TRE_OIDC_CLIENT_SECRET_FILE"]
    with pytest.raises(SettingsError, match=named):
        loaded(**wrong)


def test_a_client_secret_is_read_from_a_file_that_nobody_else_reads(tmp_path):
    kept = tmp_path / "secret"
    with pytest.raises(SettingsError, match="cannot be read"):
        private_file(kept)
    kept.write_text("it\n")
    kept.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        private_file(kept)
    kept.chmod(0o600)
    assert (private_file(kept), private_file(None)) == ("it", "")
