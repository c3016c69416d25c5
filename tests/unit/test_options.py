"""Settings: typed, refused when wrong with a sentence, strict in production."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest

from tre.config import documentation, options, secrets
from tre.config.options import Options
from tre.errors import SettingsError

PRODUCTION = {
    "TRE_MODE": "production",
    "TRE_PORTAL_URL": "https://tre.example",
    "TRE_HUB_URL": "https://hub.tre.example/",
    "TRE_DATABASE_URL": "postgresql://tre@db/tre",
    "TRE_MAIL_SERVER": "smtp://tre@mail.example:587",
}


@pytest.fixture
def loaded(monkeypatch, tmp_path):
    """Return a function that loads the settings afresh from an environment."""

    def load(**environment: str) -> Options:
        monkeypatch.setenv("TRE_HOME", str(tmp_path))
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return options.load.__wrapped__()

    return load


def test_defaults_are_the_demonstration_on_this_machine(loaded, tmp_path):
    settings = loaded()
    assert settings.demonstration
    assert settings.portal == "http://localhost:8400"
    assert settings.hub == "http://hub.localhost:8401"
    assert settings.portal.split("//")[1].split(":")[0] != settings.hub.split("//")[1].split(":")[0]
    assert settings.path("db") == tmp_path / "db"


def test_the_environment_wins_over_the_file(loaded, tmp_path):
    (tmp_path / "tre.toml").write_text("people = 500\nseed = 7\n")
    settings = loaded(TRE_PEOPLE="900")
    assert (settings.people, settings.seed) == (900, 7)


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"TRE_PORTAL_PORT": "many"}, "TRE_PORTAL_PORT"),
        ({"TRE_PORTAL_PORT": "0"}, "TRE_PORTAL_PORT"),
        ({"TRE_MODE": "staging"}, "TRE_MODE"),
        ({"TRE_SPARK_MEMORY": "lots"}, "TRE_SPARK_MEMORY"),
        ({"TRE_SPARK_MASTER": "yarn"}, "TRE_SPARK_MASTER"),
        ({"TRE_SPARK_MASTER": "spark://head:7077"}, "TRE_SPARK_SECRET_FILE"),
        ({"TRE_SPARK_MASTER": "spark://head:7077", "TRE_SPARK_SECRET_FILE": "/s"}, "TRE_SPARK_ADDRESS"),
        ({"TRE_PEOPLE": "3"}, "TRE_PEOPLE"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not_shown(loaded, environment, named):
    with pytest.raises(SettingsError) as refusal:
        loaded(**environment)
    assert named in refusal.value.sentence()
    assert "Traceback" not in refusal.value.sentence()


def test_an_unknown_setting_in_the_file_is_refused(loaded, tmp_path):
    (tmp_path / "tre.toml").write_text("peeple = 500\n")
    with pytest.raises(SettingsError, match="PEEPLE"):
        loaded()


def test_production_accepts_what_is_strict(loaded):
    assert loaded(**PRODUCTION).hub == "https://hub.tre.example"


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ({"TRE_PORTAL_URL": "http://tre.example"}, "HTTPS"),
        ({"TRE_HUB_URL": ""}, "HTTPS"),
        ({"TRE_DATABASE_URL": ""}, "PostgreSQL"),
        ({"TRE_MAIL_SERVER": ""}, "TRE_MAIL_SERVER"),
        ({"TRE_HUB_URL": "https://tre.example"}, "name of its own"),
        ({"TRE_HUB_URL": "https://TRE.example:8443"}, "name of its own"),
        ({"TRE_PORTAL_URL": "https://portal.hub.tre.example"}, "name of its own"),
        ({"TRE_SANDBOX": "none"}, "isolated"),
        ({"TRE_REQUIRE_MFA": "false"}, "multi-factor"),
        ({"TRE_KEYSTORE": "vault", "TRE_VAULT_ADDRESS": "http://vault:8200"}, "TRE_VAULT_ADDRESS"),
    ],
)
def test_production_refuses_what_is_weak(loaded, change, because):
    with pytest.raises(SettingsError, match=because):
        loaded(**{**PRODUCTION, **change})


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "", "tre.example"])
def test_the_demonstration_answers_this_machine_alone(loaded, host):
    with pytest.raises(SettingsError, match="remove TRE_HOST"):
        loaded(TRE_HOST=host)
    assert loaded(**PRODUCTION, TRE_HOST=host).host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_any_address_of_this_machine_will_do(loaded, host):
    assert loaded(TRE_HOST=host).host == host


def django_settings(home: Path, **environment: str) -> dict[str, Any]:
    """Return what Django is told under these settings, in a process of its own."""
    names = [
        "SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE",
        "SESSION_COOKIE_DOMAIN", "SESSION_COOKIE_PATH", "ALLAUTH_TRUSTED_PROXY_COUNT", "SECURE_PROXY_SSL_HEADER",
    ]  # fmt: skip
    program = (
        "import json; from django.conf import settings\n"
        f"print(json.dumps({{name: getattr(settings, name) for name in {names}}}))"
    )
    told = {"DJANGO_SETTINGS_MODULE": "tre.config.settings", "TRE_HOME": str(home), **environment}
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **told}, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_under_https_no_other_host_can_plant_a_cookie(tmp_path):
    told = django_settings(tmp_path, **PRODUCTION, TRE_TRUSTED_PROXIES="1")
    assert told == {
        "SESSION_COOKIE_NAME": "__Host-tre_session", "CSRF_COOKIE_NAME": "__Host-tre_csrf",
        # What a browser asks of such a cookie (RFC 6265bis, section 4.1.3.2).
        "SESSION_COOKIE_SECURE": True, "CSRF_COOKIE_SECURE": True,
        "SESSION_COOKIE_DOMAIN": None, "SESSION_COOKIE_PATH": "/",
        "ALLAUTH_TRUSTED_PROXY_COUNT": 1, "SECURE_PROXY_SSL_HEADER": ["HTTP_X_FORWARDED_PROTO", "https"],
    }  # fmt: skip


def test_without_https_no_header_makes_it_so(tmp_path):
    told = django_settings(tmp_path)
    assert (told["SESSION_COOKIE_NAME"], told["CSRF_COOKIE_NAME"]) == ("tre_session", "tre_csrf")
    assert (told["ALLAUTH_TRUSTED_PROXY_COUNT"], told["SECURE_PROXY_SSL_HEADER"]) == (0, None)


def test_a_secret_is_made_once_and_is_nobody_elses(tmp_path):
    path = tmp_path / "secrets" / "one"
    first = secrets._read_or_make(path, lambda: token_hex(32))
    assert len(first) == 64
    assert secrets._read_or_make(path, lambda: token_hex(32)) == first
    assert path.stat().st_mode & 0o077 == 0
    assert secrets._read_or_make(tmp_path / "secrets" / "two", lambda: token_hex(32)) != first
    assert sorted(each.name for each in path.parent.iterdir()) == ["one", "two"]


def test_a_secret_that_others_can_read_is_refused(tmp_path):
    path = tmp_path / "secrets" / "one"
    secrets._read_or_make(path, lambda: token_hex(32))
    path.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        secrets._read_or_make(path, lambda: token_hex(32))


def test_the_settings_page_is_what_the_settings_say():
    assert documentation.PAGE.read_text() == documentation.page(), "run python -m tre.config.documentation"


def test_the_portal_answers_to_the_name_that_its_own_servers_use(monkeypatch):
    monkeypatch.setenv("TRE_PORTAL_INTERNAL_URL", "http://portal.tre-platform.svc:8400/")
    assert Options().portal_internal == "http://portal.tre-platform.svc:8400"
    monkeypatch.delenv("TRE_PORTAL_INTERNAL_URL")
    assert Options().portal_internal == "http://127.0.0.1:8400"
