"""Errors for Sentry, of which nothing is told but where in the code they arose.

An event is made anew from a list of what may be told. What an error says (a database's words quote rows), local
variables (pictures, embeddings, scores), requests, headers, people, addresses and values in log lines stay here.
"""

from typing import Any

import sentry_sdk
import structlog
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.django import DjangoIntegration

TOLD = (
    "event_id",
    "timestamp",
    "level",
    "platform",
    "environment",
    "release",
    "logger",
    "transaction",
    "sdk",
)
TOLD_OF_A_FRAME = ("module", "function", "filename", "lineno", "in_app")


def begin(dsn: str, *, environment: str) -> None:
    """Reports from now on, and after every fork. Raises BadDsn."""
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        before_send=told,
        send_default_pii=False,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        server_name="",
        auto_session_tracking=False,
        auto_enabling_integrations=False,
        integrations=[
            DjangoIntegration(transaction_style="function_name", middleware_spans=False, signals_spans=False),
            CeleryIntegration(propagate_traces=False),
        ],
        trace_propagation_targets=[],  # receivers of webhooks learn nothing of it
    )


def told(event: Any, _hint: dict[str, Any]) -> Any:
    """What may be told of an event."""
    kept = {name: event[name] for name in TOLD if name in event}
    if "logentry" in event:  # the words as they stand in the code, without what was put into them
        kept["logentry"] = {"message": str(event["logentry"].get("message", ""))}
    kept["exception"] = {"values": [_error(one) for one in event.get("exception", {}).get("values", [])]}
    kept["tags"] = {"request_id": str(structlog.contextvars.get_contextvars().get("request_id", "-"))}
    return kept


def _error(error: dict[str, Any]) -> dict[str, Any]:
    frames = (error.get("stacktrace") or {}).get("frames", [])
    kept = [{name: frame[name] for name in TOLD_OF_A_FRAME if name in frame} for frame in frames]
    return {"type": error.get("type"), "module": error.get("module"), "stacktrace": {"frames": kept}}
