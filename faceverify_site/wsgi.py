"""WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from faceverify_site.start import refuse_unsafe

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "faceverify_site.settings")

application = get_wsgi_application()
_ = (
    get_resolver().url_patterns
)  # every page is loaded now, once for all processes, and not while somebody waits
refuse_unsafe()
