"""What happens before the site serves anybody."""

import io

from django.core.management import call_command


def refuse_unsafe() -> None:
    """Runs the system checks, which gunicorn and Celery would pass over. Raises SystemCheckError on any error."""
    call_command("check", stdout=io.StringIO())
