"""What makes the site installable: its manifest, its service worker, and the page shown without a connection."""

import hashlib
import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

# Of static/css/tokens.css, the ground in the light theme; pages name both themes in their head.
GROUND = "#f4f6f4"
ICONS = [
    {"src": "icons/icon-192.png", "sizes": "192x192", "type": "image/png", "purpose": "any"},
    {"src": "icons/icon-512.png", "sizes": "512x512", "type": "image/png", "purpose": "any"},
    {"src": "icons/maskable-512.png", "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
]
SHORTCUTS = [
    ("Sign in with your face", "verification:sign_in"),
    ("Your face", "enrollment:anchors"),
    ("Verify me", "verification:verify"),
    ("Compare two pictures", "verification:compare"),
]


@require_safe
def manifest(request: HttpRequest) -> JsonResponse:
    """The web app manifest (W3C), with the hashed addresses of the icons."""
    icons = [icon | {"src": static(icon["src"])} for icon in ICONS]
    body = {
        "id": "/",
        "name": "FaceVerify",
        "short_name": "FaceVerify",
        "description": "Enroll your face and sign in with it.",
        "lang": "en",
        "start_url": reverse("home"),
        "scope": "/",
        "display": "standalone",
        "theme_color": GROUND,
        "background_color": GROUND,
        "icons": icons,
        "shortcuts": [{"name": name, "url": reverse(route), "icons": icons[:1]} for name, route in SHORTCUTS],
    }
    return JsonResponse(body, content_type="application/manifest+json")


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """The page that the service worker keeps; the same for everybody."""
    return HttpResponse(_offline_page())


@require_safe
@never_cache
def service_worker(request: HttpRequest) -> HttpResponse:
    """The worker, served from the root so that it answers for the whole site.

    It keeps the static files that the offline page names, and is another worker as soon as that page changes.
    """
    page = _offline_page()
    files = sorted(set(re.findall(rf'(?:href|src)="({re.escape(settings.STATIC_URL)}[^"]+)"', page)))
    version = hashlib.sha256(page.encode()).hexdigest()[:12]
    context = {"version": version, "offline": reverse("offline"), "files": files}
    return render(request, "service_worker.js", context, content_type="text/javascript")


def _offline_page() -> str:
    """Rendered without a request: nothing of whoever asks can come into it."""
    return render_to_string("offline.html")
