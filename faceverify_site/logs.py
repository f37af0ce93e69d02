"""Log lines: as text, or as JSON for machines. With the id of the request they belong to, also in the worker.

No line holds an address (some have keys in them), a login name, an e-mail address or anything else of a person; people
appear by the numbers of their rows alone.
"""

import logging
from typing import Any

import structlog
from django.http import HttpRequest

# What log lines may carry beside their words.
FIELDS = ("view", "method", "status", "ms")


class RequestIdFilter(logging.Filter):
    """Gives text lines the id of the request that they belong to."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = structlog.contextvars.get_contextvars().get("request_id", "-")
        return True


class AddressFilter(logging.Filter):
    """Names the view where Django names the address that was asked for."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest) and isinstance(record.args, tuple):
            hidden = {request.path, request.get_full_path()}
            record.args = tuple(view_of(request) if one in hidden else one for one in record.args)
        return True


def view_of(request: HttpRequest) -> str:
    """The name of the route, or `none`."""
    match = request.resolver_match
    return match.view_name if match and match.view_name else "none"


def logging_of(*, form: str, level: str) -> dict[str, Any]:
    """Django's setting LOGGING. `form` is `line` or `json`."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request_id": {"()": RequestIdFilter}, "addresses": {"()": AddressFilter}},
        "formatters": {
            "line": {"format": "{levelname} {name} {request_id} {message}", "style": "{"},
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.JSONRenderer(),
                ],
                "foreign_pre_chain": [
                    structlog.contextvars.merge_contextvars,
                    structlog.processors.TimeStamper(fmt="iso", utc=True),
                    structlog.stdlib.add_log_level,
                    structlog.stdlib.add_logger_name,
                    structlog.stdlib.ExtraAdder(allow=FIELDS),
                    structlog.processors.format_exc_info,
                ],
            },
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": form,
                "filters": ["request_id", "addresses"],
            }
        },
        # Celery tells of every task, which /metrics counts; Django of every 404, which has a line already, and of
        # refused CSRF checks with the page that was left, whose address may hold a key.
        "loggers": {
            "celery": {"level": "WARNING"},
            "django.request": {"level": "ERROR"},
            "django.security.csrf": {"level": "CRITICAL"},
        },
        "root": {"handlers": ["console"], "level": level},
    }
