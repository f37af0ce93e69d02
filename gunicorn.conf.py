"""The web process. SITE_URL decides the port; BIND overrides it behind a proxy."""

import gc
import os
from typing import Any
from urllib.parse import urlsplit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "faceverify_site.settings")
from django.conf import settings

_site = urlsplit(settings.SITE_URL)
_port = _site.port if _site.scheme == "http" and _site.port else 8000

bind = os.environ.get("BIND", f"127.0.0.1:{_port}")
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = settings.WEB_THREADS
worker_class = "faceverify_site.web_worker.DrainingWorker"
preload_app = True
timeout = 60
# Longer than whoever asks keeps an idle connection (proxies 60 s, deploy/Caddyfile): else one is closed just as a
# request comes in, and nobody knows whether it was done. Idle connections take no thread.
keepalive = 75
loglevel = "warning"
# It would lie where workers that read strangers' pictures can reach it, and stop the site for whoever asks.
control_socket_disable = True


def when_ready(server: Any) -> None:
    # Keeps the collector off what all processes hold: they go on sharing it, and nobody waits for it to go through.
    gc.collect()
    gc.freeze()
    print(f"FaceVerify is ready: {settings.SITE_URL}", flush=True)  # noqa: T201
