"""What happens before the site serves anybody."""

import io

from django.core.management import call_command


def refuse_unsafe(*tags: str) -> None:
    """Runs the system checks, of these tags alone if any, which gunicorn and Celery would pass over.

    Raises SystemCheckError on any error.
    """
    call_command("check", tags=tags or None, stdout=io.StringIO())
