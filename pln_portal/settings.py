"""Settings of the portal. Every value comes from the environment; production fails loudly.

Without any variable the portal runs on embedded defaults in `var/`: SQLite, a broker and a cache in
files. `DATABASE_URL`, `BROKER_URL` and `CACHE_URL` name PostgreSQL, RabbitMQ and Redis instead.
"""

import os
import secrets
from pathlib import Path

import environ
from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

PORTAL_ENV = env.str("PORTAL_ENV", "development")
if PORTAL_ENV not in {"development", "test", "production"}:
    raise ImproperlyConfigured(f"PORTAL_ENV is {PORTAL_ENV!r}; use development, test or production.")
PRODUCTION = PORTAL_ENV == "production"

VAR_DIR = Path(env.str("VAR_DIR", str(BASE_DIR / "var")))
VAR_DIR.mkdir(parents=True, exist_ok=True)


def _local_secret(name: str) -> str:
    """A secret for development, made once and kept in `var/`."""
    path = VAR_DIR / name
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text()


def _secret(variable: str, local_name: str) -> str:
    value = env.str(variable, "")
    if PRODUCTION and len(value) < 32:
        raise ImproperlyConfigured(f"{variable} must be set in production, at least 32 characters long.")
    return value or _local_secret(local_name)


DEBUG = env.bool("DEBUG", False)
SECRET_KEY = _secret("SECRET_KEY", "secret_key")
# Personal data: one key encrypts, another makes the look-up hashes, so that neither serves for the other.
# The first data key encrypts; older ones still decrypt.
PERSONAL_DATA_KEYS = _secret("PERSONAL_DATA_KEYS", "personal_data_key").split(",")
PERSONAL_DATA_PEPPER = _secret("PERSONAL_DATA_PEPPER", "personal_data_pepper")

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "common",
    "units",
    "customers",
    "allocation",
    "programs",
    "tickets",
    "sop",
    "console",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.simple_history",
    "pln_portal.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "oauth2_provider",
    "simple_history",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "django_celery_beat",
    "django_htmx",
    "django_structlog",
    "django_prometheus",
    "csp",
    "pln_portal",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "common.middleware.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "common.middleware.NoStore",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "common.middleware.ContentSecurityPolicy",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "common.middleware.PlainTextGuard",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "pln_portal.urls"
WSGI_APPLICATION = "pln_portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "pln_portal" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Where things are kept ------------------------------------------------------------------------

DATABASES = {"default": env.db_url("DATABASE_URL", f"sqlite:///{VAR_DIR / 'portal.sqlite3'}")}
_database = DATABASES["default"]
_database["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", 60)
_database["CONN_HEALTH_CHECKS"] = True
if "sqlite" in _database["ENGINE"]:
    if PRODUCTION:
        raise ImproperlyConfigured("Production needs PostgreSQL: set DATABASE_URL to a postgres:// address.")
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
    }
    _database["TEST"] = {"NAME": str(VAR_DIR / f"test-{os.getpid()}.sqlite3")}
else:
    _database.setdefault("OPTIONS", {})["options"] = (
        f"-c statement_timeout={env.int('STATEMENT_TIMEOUT_MS', 30000)}"
        f" -c lock_timeout={env.int('LOCK_TIMEOUT_MS', 5000)}"
        " -c idle_in_transaction_session_timeout=60000"
    )
    _database["TEST"] = {"NAME": f"test_portal{env.str('TEST_DATABASE_SUFFIX', '')}"}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

_cache_url = env.str("CACHE_URL", "")
if PRODUCTION and not _cache_url:
    raise ImproperlyConfigured("Production needs CACHE_URL, e.g. redis://127.0.0.1:6379/0.")
CACHES = {
    "default": (
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": _cache_url}
        if _cache_url
        else {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": str(VAR_DIR / "cache"),
        }
    )
}

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
MEDIA_ROOT = VAR_DIR / "media"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
PAYMENT_FILE_MAX_GB = env.int("PAYMENT_FILE_MAX_GB", 4)  # unpacked; some ten million payments each

# --- Work in the background -----------------------------------------------------------------------

BROKER_URL = env.str("BROKER_URL", "filesystem://")
if PRODUCTION and BROKER_URL.startswith("filesystem"):
    raise ImproperlyConfigured("Production needs BROKER_URL, e.g. amqp://user:secret@127.0.0.1:5672/portal.")
CELERY_BROKER_URL = BROKER_URL
if BROKER_URL.startswith("filesystem"):
    CELERY_BROKER_TRANSPORT = "common.broker:FileTransport"
    _queue = VAR_DIR / "broker" / "queue"
    _control = VAR_DIR / "broker" / "control"
    for _folder in (_queue, _control):
        _folder.mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_queue),
        "data_folder_out": str(_queue),
        "control_folder": str(_control),
        "polling_interval": 0.1,
    }
elif BROKER_URL.startswith("amqp"):
    CELERY_TASK_DEFAULT_QUEUE_TYPE = "quorum"
    CELERY_TASK_DEFAULT_EXCHANGE_TYPE = "topic"
    CELERY_BROKER_TRANSPORT_OPTIONS = {"confirm_publish": True}
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "Asia/Jakarta"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_SCHEDULE = {
    "run-waiting-jobs": {"task": "common.tasks.sweep_jobs", "schedule": 2.0, "options": {"expires": 10}},
    "ring-ticket-alerts": {"task": "tickets.tasks.ring_alerts", "schedule": 15.0, "options": {"expires": 30}},
    "dispatch-waiting-orders": {
        "task": "tickets.tasks.dispatch_waiting",
        "schedule": 5.0,
        "options": {"expires": 15},
    },
    "send-webhooks": {"task": "tickets.tasks.sweep_webhooks", "schedule": 3.0, "options": {"expires": 10}},
    "drop-ticket-serials": {"task": "tickets.tasks.drop_serials", "schedule": 3600.0},
    "remind-of-sop-reviews": {"task": "sop.tasks.remind_of_reviews", "schedule": 6 * 3600.0},
    "drop-old-technical-records": {"task": "common.tasks.drop_old_records", "schedule": 3600.0},
}

# --- Other systems --------------------------------------------------------------------------------

# Adapters by path. The embedded ones are simulators; production names its own, or goes without.
VENDING_SERVICE: str = env.str(
    "VENDING_SERVICE", "" if PRODUCTION else "tickets.vending.SimulatedVendingService"
)
VENDING_TIMEOUT = env.float("VENDING_TIMEOUT", 10.0)  # seconds that one call may take
MESSAGE_GATEWAY: str = env.str(
    "MESSAGE_GATEWAY", "" if PRODUCTION else "tickets.messaging.SimulatedMessageGateway"
)
SUBSIDY_REGISTER = env.str("SUBSIDY_REGISTER", "sop.registers.NotConnected")
# Private networks that webhooks may nevertheless reach, e.g. 10.20.0.0/16; every other one is refused.
WEBHOOK_NETWORKS = env.list("WEBHOOK_NETWORKS", default=[])

# --- Who ------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "units.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = (
    ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if PORTAL_ENV == "test"
    else [
        "django.contrib.auth.hashers.ScryptPasswordHasher",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]
)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
DEMO_PASSWORD = env.str("DEMO_PASSWORD", "pln-demo-123")
LOGIN_URL = reverse_lazy("login")
LOGIN_REDIRECT_URL = "/"
# Where fragments of lower apps link to; the screens stand above them.
TICKET_PAGE, SOP_PAGE = "console:ticket", "console:sop"
LOGOUT_REDIRECT_URL = reverse_lazy("login")
OTP_TOTP_ISSUER = "PLN Portal"
OTP_ADMIN_HIDE_SENSITIVE_DATA = True  # nobody reads the second step of another account

# A call centre shares one address: lock the pair, never the site.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = env.int("LOGIN_FAILURE_LIMIT", 10)
AXES_COOLOFF_TIME = 0.25
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "registration/locked.html"
AXES_ENABLE_ACCESS_FAILURE_LOG = True
AXES_IPWARE_PROXY_COUNT = env.int("PROXY_COUNT", 0)

# Grants: authorization code with PKCE for people, client credentials for channels. The gates switch on
# what RFC 9700 asks for: no implicit and no password grant, S256 only, tokens never in an address and kept
# as digests.
OAUTH2_PROVIDER = {
    "SCOPES": {
        "tickets": _("report, and follow one's own reports"),
        "diagnosis": _("ask where self-diagnosis is in force, submit it, and fetch its token"),
        "read": _("read units, areas and allocation"),
        "allocation": _("ask whether a meter may be promised"),
        "agent": _("work as the agent who logged in"),
    },
    "DEFAULT_SCOPES": ["read", "allocation"],
    "SCOPES_BACKEND_CLASS": "pln_portal.oauth.PortalScopes",
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    "REFRESH_TOKEN_EXPIRE_SECONDS": 12 * 3600,
    "ROTATE_REFRESH_TOKEN": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "PKCE_REQUIRED": True,
    "ALLOW_URI_WILDCARDS": False,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"] if PRODUCTION else ["http", "https"],
    "OAUTH2_RESPONSE_TYPES_SUPPORTED": ["code"],
    "OAUTH2_GRANT_TYPES_SUPPORTED": ["authorization_code", "client_credentials", "refresh_token"],
    **{
        f"COMPLIANT_BCP_RFC9700_{gate}": True
        for gate in (
            "IMPLICIT_GRANT",
            "PASSWORD_GRANT",
            "PKCE_METHOD",
            "ACCESS_TOKEN_TRANSPORT",
            "AUTHZ_RESPONSE_ISS",
            "TOKEN_STORAGE",
            "REFRESH_TOKEN",
            "REDIRECT_URI_SCHEME",
            "REDIRECT_URI_MATCHING",
            "PKCE_REQUIRED",
        )
    },
}

# --- API ------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "pln_portal.authentication.OAuth2Authentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["common.permissions.Deny"],
    "DEFAULT_PARSER_CLASSES": ["common.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_FILTER_BACKENDS": ["common.filters.StrictFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "common.pagination.KeysetPagination",
    "DEFAULT_SCHEMA_CLASS": "common.schema.PortalSchema",
    "DEFAULT_METADATA_CLASS": None,  # the OpenAPI document says more than OPTIONS could
    "DEFAULT_THROTTLE_CLASSES": [
        "common.throttling.AgentThrottle",
        "common.throttling.ChannelThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "agent": env.str("AGENT_RATE", "1200/min"),
        "channel": env.str("CHANNEL_RATE", "6000/min"),
        "reveal": env.str("REVEAL_RATE", "30/hour"),
    },
    "NUM_PROXIES": env.int("PROXY_COUNT", 0),
    "EXCEPTION_HANDLER": "common.problems.problem_response",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "PLN Portal API",
    "DESCRIPTION": "What an agent screen and a channel system may ask of the portal.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_PERMISSIONS": ["common.permissions.LoggedIn"],
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "OAUTH2_FLOWS": ["authorizationCode", "clientCredentials"],
    "OAUTH2_AUTHORIZATION_URL": "/oauth/authorize/",
    "OAUTH2_TOKEN_URL": "/oauth/token/",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "common.schema.forget_column_sizes",
        "common.schema.declare_problems",
    ],
    "ENUM_NAME_OVERRIDES": {
        "AvailabilityEnum": "allocation.models.Availability.choices",
        "ProductEnum": "customers.models.Product.choices",
        "PhaseEnum": "customers.models.Phase.choices",
        "UnitKindEnum": "units.models.UnitKind.choices",
        "TransactionEnum": "allocation.models.Transaction.choices",
        "TicketStatusEnum": "tickets.models.Status.choices",
        "OrderStatusEnum": "tickets.models.OrderStatus.choices",
        "DiagnosisStatusEnum": "tickets.models.DiagnosisStatus.choices",
        "IncidentStatusEnum": "tickets.models.IncidentStatus.choices",
        "WorkOrderTypeEnum": "tickets.models.WorkOrderType.choices",
        "TokenWayEnum": "tickets.models.diagnosis.TokenWay.choices",
        "ChannelEnum": "allocation.models.Channel.choices",
        "CallStatusEnum": "sop.models.CallStatus.choices",
        "CallOutcomeEnum": "sop.models.OutcomeKind.choices",
        "PieceKindEnum": "sop.rules.differences.PIECE_KINDS",
        "ChangeKindEnum": "sop.rules.differences.CHANGE_KINDS",
        "CheckOutcomeEnum": "allocation.models.Outcome.choices",
    },
}

# --- Browser side ---------------------------------------------------------------------------------

_strict = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF],
    "img-src": [SELF, "data:"],
    "font-src": [SELF],
    "connect-src": [SELF],
    "form-action": [SELF],
    "frame-ancestors": [NONE],
    "base-uri": [NONE],
    "object-src": [NONE],
}
CONTENT_SECURITY_POLICY = {"DIRECTIVES": _strict}
# The admin theme's Alpine evaluates expressions and sets inline styles; only /admin/ gets this policy.
ADMIN_CONTENT_SECURITY_POLICY = _strict | {
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    feature: []
    for feature in ("camera", "microphone", "geolocation", "usb", "payment", "display-capture", "fullscreen")
}
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = env.int("SESSION_SECONDS", 10 * 3600)
CSRF_COOKIE_SAMESITE = "Lax"
if PRODUCTION:
    if DEBUG:
        raise ImproperlyConfigured("DEBUG must be off in production.")
    if not ALLOWED_HOSTS:
        raise ImproperlyConfigured("ALLOWED_HOSTS must name the portal's host in production.")
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", True)
    SECURE_REDIRECT_EXEMPT = [r"^health/"]  # asked from inside, without TLS
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"

# --- Language and time ----------------------------------------------------------------------------

LANGUAGE_CODE = "id"
LANGUAGES = [("id", "Bahasa Indonesia"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale", BASE_DIR / "locale" / "libraries"]
FORMAT_MODULE_PATH = "pln_portal.formats"
USE_I18N = USE_TZ = USE_THOUSAND_SEPARATOR = True
TIME_ZONE = "Asia/Jakarta"

# --- Logs and counts ------------------------------------------------------------------------------

LOG_LEVEL = env.str("LOG_LEVEL", "WARNING" if PORTAL_ENV == "test" else "INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "pln_portal.logs.json_formatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"level": LOG_LEVEL},
        "django.request": {"level": "ERROR"},
        "axes": {"level": "WARNING"},
    },
}
# What Prometheus brings as its bearer token to /metrics; without one the address is not there.
METRICS_TOKEN = env.str("METRICS_TOKEN", "")
if METRICS_TOKEN and len(METRICS_TOKEN) < 32:
    raise ImproperlyConfigured("METRICS_TOKEN must be at least 32 characters long.")

from pln_portal.theme import UNFOLD  # noqa: E402,F401  (the admin's look stands in a file of its own)
