"""WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application

from faceverify_site.start import refuse_unsafe

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "faceverify_site.settings")

application = get_wsgi_application()
refuse_unsafe()
