"""What happens before the site serves anybody."""

import io

from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections


def refuse_unsafe(*tags: str) -> None:
    """Runs the system checks, of these tags alone if any, which gunicorn and Celery would pass over.

    Raises SystemCheckError on any error.
    """
    from enrollment.checks import START

    call_command("check", tags=tags or None, stdout=io.StringIO())
    try:
        # Apart from the others: Django's own would need the database too, which may be away.
        call_command("check", tags=[START], databases=[DEFAULT_DB_ALIAS], stdout=io.StringIO())
    finally:
        connections.close_all()  # processes that are forked from this one must not share its connection
