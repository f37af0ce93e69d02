"""The site's settings with secrets and folders of the tests' own. DATABASE_URL and REDIS_URL pass through."""

import os
import tempfile

TEST_VAR_DIR = os.environ.get("VAR_DIR") or tempfile.mkdtemp(prefix="fv-")
os.environ["VAR_DIR"] = TEST_VAR_DIR
# Where tests run side by side, each process has a folder and a Redis database of its own.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
if WORKER and os.path.basename(TEST_VAR_DIR) != WORKER:
    TEST_VAR_DIR = os.environ["VAR_DIR"] = os.path.join(TEST_VAR_DIR, WORKER)
    os.makedirs(TEST_VAR_DIR)
    if "REDIS_URL" in os.environ:
        os.environ["REDIS_URL"] = os.environ["REDIS_URL"].rsplit("/", 1)[0] + "/" + WORKER.removeprefix("gw")
os.environ["ENV_FILE"] = os.path.join(TEST_VAR_DIR, "no.env")
os.environ.setdefault("SECRET_KEY", "a key for tests alone, of more than fifty characters in length")
os.environ.setdefault("FACE_ENCRYPTION_KEYS", "Zm9yIHRlc3RzIG9ubHk6IDMyIGJ5dGVzIG9mIGtleSE=")

from faceverify_site.settings import *  # noqa: E402, F403

# One picture signs in where the challenge is not the point; `test_liveness*` turn it on.
LIVENESS = "off"
# A worker in a thread would limit all tests.
FACE_MEMORY_LIMIT_MB = 0
# All tests ask from one address; those about throttles set their own.
API_RATES = dict.fromkeys(API_RATES, "1000000/min")  # noqa: F405
# A worker of the tests is a thread, which ends without closing its connection.
CELERY_DB_REUSE_MAX = 0
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["faces_backend"] = {"BACKEND": "django.core.files.storage.InMemoryStorage"}  # noqa: F405
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
MIDDLEWARE.remove("whitenoise.middleware.WhiteNoiseMiddleware")  # noqa: F405
