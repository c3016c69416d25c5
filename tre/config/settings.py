"""Django's settings, all derived from :mod:`tre.config.options`."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from tre.config.options import REPOSITORY, SIGN_IN_SECONDS, load
from tre.config.secrets import private_file, private_key, secret
from tre.people.domain import STEP_UP_SECONDS

OPTIONS = load()

SECRET_KEY = secret("django")
DEBUG = False
_portal = urlsplit(OPTIONS.portal)
_https = _portal.scheme == "https"
_internal = urlsplit(OPTIONS.portal_internal)
ALLOWED_HOSTS = [_portal.hostname or "localhost", "127.0.0.1", _internal.hostname or "127.0.0.1"]
# As browsers and our own servers write them.
ANSWERED_HOSTS = [
    _portal.netloc,
    f"127.0.0.1:{OPTIONS.portal_port}",
    _internal.netloc,
]
ROOT_URLCONF = "tre.config.urls"
ASGI_APPLICATION = "tre.config.asgi.application"
SITE_NAME = "Staffordshire and Stoke-on-Trent research environment"


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _outside() -> dict[str, Any]:
    """Return the other organisation's OpenID provider, as allauth takes it."""
    return {
        "provider_id": "outside",
        "name": OPTIONS.oidc_name,
        "client_id": OPTIONS.oidc_client_id,
        "secret": private_file(OPTIONS.oidc_client_secret_file),
        "settings": {
            "server_url": OPTIONS.oidc_issuer,
            "fetch_userinfo": False,  # what counts is what the ID token says
            "oauth_pkce_enabled": True,
            "scope": ["openid"],  # nothing about a person is asked for: who they are here, the invitation says
            # Each sign-in is one, and its time is told (OpenID Connect Core 1.0, section 3.1.2.1).
            "auth_params": {"prompt": "login", "max_age": str(STEP_UP_SECONDS)},
        },
    }


INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.idp.oidc",
    "allauth.usersessions",
    "csp",
    "tre.web",
    "tre.people",
    "tre.projects",
    "tre.catalogue",
    "tre.policy",
    "tre.keys",
    "tre.audit",
    "tre.notices",
    "tre.airlock",
    "tre.airlock.release",
    "tre.airlock.imports",
    "tre.airlock.registered",
    "tre.privacy",
    "tre.runs",
    "tre.runs.attested",
    "tre.workspace",
    "tre.evidence",
    "tre.api",
]

if OPTIONS.oidc_issuer:  # else there is no address of it either
    INSTALLED_APPS += ["allauth.socialaccount", "allauth.socialaccount.providers.openid_connect"]
    SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [_outside()]}}
    SOCIALACCOUNT_ADAPTER = "tre.people.outside.OutsideAdapter"
    SOCIALACCOUNT_AUTO_SIGNUP = False
    SOCIALACCOUNT_EMAIL_VERIFICATION = "none"  # the invitation's link has proved the address

MIDDLEWARE = [
    "tre.people.middleware.OneName",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",  # default deny: a page is public only if it says so
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "tre.people.middleware.RequireSecondFactor",
    "tre.web.middleware.PrivatePages",
    "tre.web.middleware.ClearErrors",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [REPOSITORY / "tre" / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tre.web.context.site",
                "tre.notices.context.unread",
            ]
        },
    }
]


def _database(url: str) -> dict[str, Any]:
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": OPTIONS.path("db", "tre.sqlite3"),
            "TEST": {"NAME": OPTIONS.path("db", "test.sqlite3")},  # a file, so that threads meet real locks
            "OPTIONS": {
                # Writers queue at BEGIN instead of failing in the middle (SQLite, "Transactions", section 2.2).
                "transaction_mode": "IMMEDIATE",
                # One writes at a time, and of those that wait none is the next: in a crowd one may wait for long.
                "timeout": 90,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ImproperlyConfigured("TRE_DATABASE_URL must begin with postgresql://")
    # The socket's folder of an embedded server comes as ?host=/path.
    query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(query.get("host", parts.hostname or "")),
        "PORT": str(parts.port or ""),
        "CONN_HEALTH_CHECKS": True,
    }


OPTIONS.path("db").mkdir(mode=0o700, parents=True, exist_ok=True)
DATABASES = {"default": _database(OPTIONS.database_url)}
CACHES = {"default": {"BACKEND": "tre.people.cache.SharedCache"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ATOMIC_REQUESTS = False  # services hold their own transactions, so that each is as short as its change

AUTH_USER_MODEL = "people.Account"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_CHANGE_EMAIL = True  # one address at a time, and a new one takes its place once it is verified
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[TRE] "
ACCOUNT_ADAPTER = "tre.people.adapters.AccountAdapter"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = STEP_UP_SECONDS
# allauth's own, but for what comes from one address: a sign-in counts as a failed one until its password was checked.
ACCOUNT_RATE_LIMITS = {
    "login": f"{OPTIONS.sign_ins_per_minute}/m/ip",
    "login_failed": f"{max(10, OPTIONS.sign_ins_per_minute // 4)}/m/ip,5/300s/key",
}
ALLAUTH_TRUSTED_PROXY_COUNT = OPTIONS.trusted_proxies  # whose X-Forwarded-For names the address that is counted
MFA_ADAPTER = "tre.people.adapters.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_WEBAUTHN_USER_VERIFICATION = "preferred"
# Which origin a key may answer is the forms' own to say (below): fido2 takes any whose name ends in the portal's.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
MFA_TOTP_ISSUER = "TRE"
MFA_TOTP_TOLERANCE = 1  # one step of 30 s for slow typing and clocks (RFC 6238, section 5.2)
MFA_FORMS = {  # where a code is good once and a key answers the portal alone
    "authenticate": "tre.people.forms.AuthenticateForm",
    "reauthenticate": "tre.people.forms.ReauthenticateForm",
    "add_webauthn": "tre.people.forms.AddKeyForm",
    "authenticate_webauthn": "tre.people.forms.AuthenticateKeyForm",
    "reauthenticate_webauthn": "tre.people.forms.ReauthenticateKeyForm",
}
IDP_OIDC_ADAPTER = "tre.people.adapters.OidcAdapter"
IDP_OIDC_PRIVATE_KEY = private_key("oidc")

# A notebook's page must not plant a cookie for the portal: a browser takes a __Host- cookie from the very host alone,
# over HTTPS (RFC 6265bis, section 4.1.3.2).
_prefix = "__Host-" if _https else ""
SESSION_COOKIE_NAME = f"{_prefix}tre_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_AGE = SIGN_IN_SECONDS
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_NAME = f"{_prefix}tre_csrf"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # no cookie of its own
CSRF_TRUSTED_ORIGINS = [OPTIONS.portal]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
# TLS ends at a proxy. Who forges this claims no more than that their own request was safe.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        # Signing in and opening a workspace are form posts whose redirects lead to the Hub and to a person's server:
        # Chromium holds them to this too.
        "form-action": [
            SELF,
            OPTIONS.hub,
            OPTIONS.hub.replace("://", "://*.", 1),
            *([_origin(OPTIONS.oidc_issuer)] if OPTIONS.oidc_issuer else []),
        ],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_TZ = True
USE_I18N = True
STATIC_URL = "/static/"
STATICFILES_DIRS = [
    REPOSITORY / "tre" / "web" / "static",
    ("nhsuk", REPOSITORY / "node_modules" / "nhsuk-frontend" / "dist" / "nhsuk"),
]
WHITENOISE_USE_FINDERS = True  # files come straight from the packages: nothing is built or copied

FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
if OPTIONS.mail_server:
    _mail = urlsplit(OPTIONS.mail_server)
    EMAIL_HOST, EMAIL_PORT = _mail.hostname or "", _mail.port or 587
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_mail.username or ""), unquote(_mail.password or "")
    EMAIL_USE_SSL, EMAIL_USE_TLS = _mail.scheme == "smtps", _mail.scheme == "smtp"
    EMAIL_TIMEOUT = 20
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = OPTIONS.path("mail")
DEFAULT_FROM_EMAIL = OPTIONS.mail_from
_DECISIONS = OPTIONS.path("logs", "decisions.log")
_DECISIONS.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "filters": {"no_links": {"()": "tre.config.kept_out.LinksKeptOut"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_links"]},
        "decisions": {"class": "logging.FileHandler", "filename": _DECISIONS, "formatter": "line", "delay": True},
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "httpx": {"level": "WARNING"},  # the supervisor's own questions whether a service is ready
        "tre.policy": {"handlers": ["decisions"], "propagate": False},  # every decision, kept in a file of its own
    },
}
