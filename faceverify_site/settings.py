"""Settings, read from the environment and from the file `.env` beside manage.py.

Every variable is documented in `.env.example`. Secrets have no default: the site does not start without them.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.urls import reverse_lazy

from faceverify_site.admin_theme import UNFOLD  # noqa: F401 - read by Django
from faceverify_site.api_schema import SPECTACULAR as SPECTACULAR_SETTINGS  # noqa: F401
from faceverify_site.databases import database_of
from faceverify_site.logs import logging_of
from faceverify_site.schedule import SCHEDULE
from faceverify_site.storages import storage_of

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
env.read_env(os.environ.get("ENV_FILE", BASE_DIR / ".env"))

# --- Site ---------------------------------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY")
# Replaced keys, newest first: what they signed (sessions, model versions) stays valid. What `keyed_digest` names is
# looked up under the newest alone: locks, counts, seen frames and known devices begin anew.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
SITE_URL = env.str("SITE_URL", default="http://localhost:8000").rstrip("/")
_site = urlsplit(SITE_URL)
HTTPS = _site.scheme == "https"
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[_site.hostname, "localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[SITE_URL])
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin.apps.SimpleAdminConfig",  # urls.py loads the pages, which workers do without
    "django.forms",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.headless",
    "allauth.usersessions",
    "django_celery_beat",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "enrollment",
    "verification",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "faceverify_site.csp.PolicyMiddleware",
    "faceverify_site.middleware.IsolationMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "faceverify_site.middleware.RequestIdMiddleware",
    "faceverify_site.observation.ObservationMiddleware",
    "faceverify_site.middleware.BodyLimitMiddleware",
    "faceverify_site.middleware.OverloadMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "enrollment.api.authentication.AppSessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "faceverify_site.middleware.PrivatePagesMiddleware",
    "faceverify_site.middleware.StaffSessionMiddleware",
    "faceverify_site.middleware.OriginMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "faceverify_site.middleware.LastSeenMiddleware",
]
ROOT_URLCONF = "faceverify_site.urls"
WSGI_APPLICATION = "faceverify_site.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "faceverify_site.context.policy",
            ]
        },
    }
]
LANGUAGE_CODE = "en"
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_I18N = True
USE_TZ = True

# --- Data ---------------------------------------------------------------------------------------------------------
DATABASES = {"default": database_of(env, VAR_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "enrollment.User"

# In the database: shared by all web processes, and no broker has to be up for a password sign-in.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "django_cache"},
    # Of each web process alone: how often who asked may be forgotten, but never stands in the way.
    "throttles": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "throttles",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    },
    # Of each web process alone, too: whose device was written down within the last minute.
    "seen": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "seen",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    },
}

STORAGES = {
    # Face images: encrypted before they reach their backend.
    "faces": {"BACKEND": "enrollment.storage.EncryptedStorage"},
    "faces_backend": storage_of(env, VAR_DIR / "faces"),
    # Artifacts of model versions that the site made.
    "models": storage_of(env, VAR_DIR / "models"),
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "faceverify_site.static.ModuleStaticFilesStorage"},
}
# Each machine's own copies of the stored artifacts in use.
MODEL_CACHE = VAR_DIR / "model-cache"
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(VAR_DIR / "static")))
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("vendor/instrument-sans", BASE_DIR / "node_modules" / "@fontsource-variable" / "instrument-sans"),
    ("vendor/human", BASE_DIR / "node_modules" / "@vladmandic" / "human"),
    ("vendor/wasm", BASE_DIR / "node_modules" / "@tensorflow" / "tfjs-backend-wasm" / "dist"),
]
STATICFILES_ONLY = {
    "vendor/human": {
        "dist/human.esm.js",
        "dist/human.esm.js.map",
        "models/blazeface.json",
        "models/blazeface.bin",
        "models/facemesh.json",
        "models/facemesh.bin",
        "models/iris.json",
        "models/iris.bin",
    },
    "vendor/wasm": {"tfjs-backend-wasm.wasm", "tfjs-backend-wasm-simd.wasm"},
}
STATICFILES_FINDERS = [
    "faceverify_site.finders.PackageFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]

# --- Work queue ---------------------------------------------------------------------------------------------------
RETRAINING_TIME_LIMIT_SECONDS = 7 * 24 * 3600
BROKER_SOCKET = VAR_DIR / "broker.sock"
REDIS_URL = env.str("REDIS_URL", default="")
CELERY_BROKER_URL = REDIS_URL or f"redis+socket://{BROKER_SOCKET}"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # for ever
CELERY_WORKER_CONSUMER = "faceverify_site.consumer:Consumer"  # back soon, however long the broker was away
CELERY_BROKER_CHANNEL_ERROR_RETRY = True  # workers outlive a broker that refuses to write, as on a full disk
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # A training or promotion may take this long. With less, another worker would get its message while it goes on; what
    # is really lost is found in the database by sweeps, within seconds.
    "visibility_timeout": RETRAINING_TIME_LIMIT_SECONDS + 3600,
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.2,
}
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.2,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_DB_REUSE_MAX = 10**9  # celery.py closes connections by age and health, not after each task
CELERY_WORKER_PROC_ALIVE_TIMEOUT = 30  # a child loads the model before it reports for work
CELERY_TASK_DEFAULT_QUEUE = "biometric"
# Workers take from `biometric` and `enrollment` in turn, so that nobody at the door waits behind a thousand pictures.
CELERY_TASK_ROUTES = {
    "enrollment.tasks.template_extract": {"queue": "enrollment"},
    "enrollment.tasks.duplicates_check": {"queue": "enrollment"},
    "enrollment.tasks.training_run_execute": {"queue": "training"},
    "enrollment.tasks.promotion_execute": {"queue": "training"},
    "enrollment.tasks.webhook_send": {"queue": "webhooks"},
    "enrollment.tasks.webhooks_sweep": {"queue": "webhooks"},
    "verification.tasks.lock_tell": {"queue": "webhooks"},
}
QUEUES = sorted({CELERY_TASK_DEFAULT_QUEUE, *(route["queue"] for route in CELERY_TASK_ROUTES.values())})
CELERY_TASK_TIME_LIMIT = 60
CELERY_TASK_SOFT_TIME_LIMIT = 45
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULER = "faceverify_site.scheduler:Scheduler"
CELERY_BEAT_SCHEDULE = SCHEDULE

# --- Accounts -----------------------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("home")
ACCOUNT_ADAPTER = "verification.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = env.str("ACCOUNT_EMAIL_VERIFICATION", default="optional")
ACCOUNT_USERNAME_MIN_LENGTH = 2
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_LOGOUT_REDIRECT_URL = reverse_lazy("home")
# Of changed passwords, addresses and second factors; a new address is told to the old one.
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "FaceVerify: "
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _site.scheme
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900  # how long a password or passkey counts as just shown
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # whoever came in by face alone changes neither address nor password
ACCOUNT_USERNAME_VALIDATORS = "enrollment.models.user.USERNAME_VALIDATORS"
EMAIL_TIMEOUT = 10
# Below /_allauth/app/v1/; browsers have the pages. Mails lead to those pages, whoever asked for them.
HEADLESS_CLIENTS = ("app",)
USERSESSIONS_TRACK_ACTIVITY = True
MFA_ADAPTER = "verification.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "FaceVerify"
MFA_ALLOW_UNVERIFIED_EMAIL = ACCOUNT_EMAIL_VERIFICATION != "mandatory"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS  # browsers offer passkeys without https on localhost only
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"FaceVerify <noreply@{_site.hostname}>")

# --- Browser safety -----------------------------------------------------------------------------------------------
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = ["^(healthz|readyz|metrics)$"]  # asked from inside, past the proxy
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "faceverify_site.errors.csrf_failure"
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000 if HTTPS else 0)
# Other sites on the same domain are the operator's to decide about, so these two stay off unless asked for.
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = env.bool("SECURE_HSTS_SUBDOMAINS", default=False)
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# Pages with the camera add 'wasm-unsafe-eval'; for the admin see faceverify_site/csp.py.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "base-uri": [NONE],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "img-src": [SELF, "blob:", "data:"],
        "manifest-src": [SELF],
        "media-src": [SELF, "blob:"],
        "object-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "worker-src": [SELF],
    }
}
if env.bool("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# How many own proxies append to X-Forwarded-For; with none, what clients write there is ignored.
FORWARDED_FOR_HOPS = env.int("FORWARDED_FOR_HOPS", default=0)

# --- API ----------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "enrollment.api.service_keys.ServiceKeyAuthentication",
        "enrollment.api.authentication.AppAuthentication",
        "enrollment.api.authentication.BrowserAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser", "rest_framework.parsers.MultiPartParser"],
    "DEFAULT_SCHEMA_CLASS": "enrollment.api.schema.ApiSchema",
    "DEFAULT_THROTTLE_CLASSES": [
        "enrollment.api.throttles.PersonThrottle",
        "enrollment.api.throttles.ServiceKeyThrottle",
        "enrollment.api.throttles.AnonymousThrottle",
    ],
    "EXCEPTION_HANDLER": "faceverify_site.errors.problem_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
# How often one caller may ask a web process: an account, app or browser; a service key; an address of nobody known.
API_RATES = {
    "person": env.str("API_RATE_PERSON", default="600/min"),
    "service_key": env.str("API_RATE_SERVICE_KEY", default="3000/min"),
    "anonymous": env.str("API_RATE_ANONYMOUS", default="300/min"),
}

# Lets webhooks go to this machine and its own network, and without https.
WEBHOOK_PRIVATE_RECEIVERS = env.bool("WEBHOOK_PRIVATE_RECEIVERS", default=False)

# --- Faces --------------------------------------------------------------------------------------------------------
# Newest key first; older ones still open what they sealed.
FACE_ENCRYPTION_KEYS = env.list("FACE_ENCRYPTION_KEYS")
FACE_MODEL = env.str("FACE_MODEL", default=str(BASE_DIR / "ml" / "artifacts" / "mobilefacenet-base-1"))
FACE_THREADS = env.int("FACE_THREADS", default=min(2, os.cpu_count() or 1))
# What a process that reads pictures may take beyond what it holds at its start; 0: whatever there is.
FACE_MEMORY_LIMIT_MB = env.int("FACE_MEMORY_LIMIT_MB", default=1024)
FACE_TARGET_FMR = env.float("FACE_TARGET_FMR", default=1e-4)
FACE_DECISION_RULE = env.str("FACE_DECISION_RULE", default="template_mean")
FACE_SIGN_IN = env.str("FACE_SIGN_IN", default="passwordless")
FACE_MIN_ANCHORS = 3
FACE_MAX_ANCHORS = 10
# As in ml.faces.images.ImageLimits, which the web process does not load.
FACE_MAX_IMAGE_BYTES = 5 * 1024 * 1024
FACE_MAX_IMAGE_PIXELS = 25_000_000
FACE_MAX_IMAGE_SIDE_PX = 16_000
LIVENESS = env.str("LIVENESS", default="required")
LIVENESS_ACTIONS = env.list(
    "LIVENESS_ACTIONS", default=["turn_left", "turn_right", "look_up", "open_mouth", "blink"]
)
LIVENESS_ACTION_COUNT = env.int("LIVENESS_ACTION_COUNT", default=2)
# Tells staff whether the first picture of a sign-in looks like a screen or a print; it refuses nobody.
PASSIVE_CHECK = env.bool("PASSIVE_CHECK", default=True)
# Checks that may wait for the workers; whoever comes after them is asked to come back.
FACE_QUEUE_LIMIT = env.int("FACE_QUEUE_LIMIT", default=100)
VERIFICATION_SESSION_SECONDS = env.int("VERIFICATION_SESSION_SECONDS", default=90)
# Two pictures a request at most, or a challenge's 12 frames, kept in memory: nothing of them touches the disk before
# it is encrypted.
DATA_UPLOAD_MAX_NUMBER_FILES = 12
DATA_UPLOAD_MAX_BODY_BYTES = 2 * FACE_MAX_IMAGE_BYTES + 1024 * 1024
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = DATA_UPLOAD_MAX_BODY_BYTES

# --- Retention: all of it is told on the page about privacy ------------------------------------------------------
LONGEST_RETENTION_DAYS = 3 * 365
RETENTION_FACE_DAYS = env.int("RETENTION_FACE_DAYS", default=LONGEST_RETENTION_DAYS)  # after the last use
RETENTION_RECORDS_DAYS = env.int("RETENTION_RECORDS_DAYS", default=365)
RETENTION_AUDIT_DAYS = env.int("RETENTION_AUDIT_DAYS", default=LONGEST_RETENTION_DAYS)
RETENTION_REJECTED_DAYS = env.int("RETENTION_REJECTED_DAYS", default=30)
RETENTION_WEBHOOKS_DAYS = env.int("RETENTION_WEBHOOKS_DAYS", default=30)

# --- Retraining ---------------------------------------------------------------------------------------------------
RETRAINING_PROMOTE = env.str("RETRAINING_PROMOTE", default="manual")
RETRAINING_MIN_SUBJECTS = env.int("RETRAINING_MIN_SUBJECTS", default=50)
RETRAINING_MIN_AGE_HOURS = env.float("RETRAINING_MIN_AGE_HOURS", default=24)
RETRAINING_MAX_SAMPLES = 20  # of one person
RETRAINING_THREADS = env.int("RETRAINING_THREADS", default=max(1, (os.cpu_count() or 1) - 1))
# Promotions are short: all cores, at the same low priority, cost sign-ins less than a longer wait would.
PROMOTION_THREADS = env.int("PROMOTION_THREADS", default=os.cpu_count() or 1)
RETRAINING_NICENESS = 10
RETRAINING_STALE_SECONDS = env.float("RETRAINING_STALE_SECONDS", default=30)
RETRAINING_MAX_TRIES = 3
# How long a replaced version's templates are kept, and made for new anchors, so that one can go back to it.
ROLL_BACK_DAYS = env.float("ROLL_BACK_DAYS", default=30)
# Faces in the clear while a run needs them, and its checkpoints: on a disk of the training worker's own.
TRAINING_DIR = VAR_DIR / "training"

# Threads of a web process; gunicorn.conf.py reads it too.
WEB_THREADS = env.int("WEB_THREADS", default=16)

# --- Operations ---------------------------------------------------------------------------------------------------
# Less free space than this, and /readyz calls for help.
READY_MIN_FREE_MB = env.int("READY_MIN_FREE_MB", default=500)
# Opens /metrics to whoever sends it; without one, only this machine may look.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
METRICS_DIR = VAR_DIR / "metrics"

# --- Logs ---------------------------------------------------------------------------------------------------------
LOG_FORMAT = env.str("LOG_FORMAT", default="line")
LOGGING = logging_of(form=LOG_FORMAT, level=env.str("LOG_LEVEL", default="INFO"))

# --- Error reports ------------------------------------------------------------------------------------------------
if SENTRY_DSN := env.str("SENTRY_DSN", default=""):
    from faceverify_site import error_reports

    error_reports.begin(SENTRY_DSN, environment=env.str("SENTRY_ENVIRONMENT", default="production"))
