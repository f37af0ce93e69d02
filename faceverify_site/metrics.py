"""`/metrics`: what all processes of this machine counted, and what the database and the broker tell at this moment."""

from collections.abc import Iterator
from typing import Any

from celery import current_app
from django.conf import settings
from django.db.models import Count, Min, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import KombuError
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from enrollment.metrics import FOLDER
from enrollment.models import Heartbeat, ModelVersion, Promotion, Sample, TrainingRun, WebhookDelivery
from verification.models import Attempt

LOOPBACK = {"127.0.0.1", "::1"}
LOCAL_HOSTS = {"localhost", "127.0.0.1", "[::1]"}


class SiteCollector(Collector):
    """Figures that are read when somebody asks: how it is, not how often something happened."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield _waiting()
        yield _longest_wait()
        yield _by_state("faceverify_training_runs", "Training runs, by state.", TrainingRun)
        yield _by_state("faceverify_promotions", "Promotions of models, by state.", Promotion)
        yield _by_state(
            "faceverify_webhook_deliveries", "Kept webhook deliveries, by state.", WebhookDelivery
        )
        yield _heartbeats()
        yield _model()
        yield _queues()


def registry() -> CollectorRegistry:
    """Everything that is told."""
    found = CollectorRegistry()
    MultiProcessCollector(found, path=str(FOLDER))  # type: ignore[no-untyped-call]
    found.register(SiteCollector())
    return found


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    if not may_read(request):
        return HttpResponse("Not from here.\n", status=403, content_type="text/plain")
    return HttpResponse(generate_latest(registry()), content_type=CONTENT_TYPE_LATEST)


def may_read(request: HttpRequest) -> bool:
    """With METRICS_TOKEN whoever sends it; without one only this machine, and nobody through a proxy on it."""
    if settings.METRICS_TOKEN:
        sent = request.headers.get("Authorization", "").encode(errors="surrogateescape")
        return constant_time_compare(sent, f"Bearer {settings.METRICS_TOKEN}".encode())
    proxied = any(name in request.headers for name in ("Forwarded", "Via", "X-Forwarded-For", "X-Real-IP"))
    host = request.get_host()
    name = host if host.endswith("]") else host.rsplit(":", 1)[0]
    direct = not proxied and not settings.FORWARDED_FOR_HOPS and "X-Forwarded-Proto" not in request.headers
    return direct and request.META.get("REMOTE_ADDR") in LOOPBACK and name in LOCAL_HOSTS


def _waiting() -> GaugeMetricFamily:
    gauge = GaugeMetricFamily("faceverify_waiting", "Face checks that wait for the worker.", labels=["kind"])
    for kind, rows in _pending().items():
        gauge.add_metric([kind], rows.count())
    return gauge


def _longest_wait() -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(
        "faceverify_longest_wait_seconds", "Age of the oldest face check that waits.", labels=["kind"]
    )
    for kind, rows in _pending().items():
        first = rows.aggregate(first=Min("created_at"))["first"]
        gauge.add_metric([kind], (timezone.now() - first).total_seconds() if first else 0)
    return gauge


def _pending() -> dict[str, QuerySet[Any]]:
    return {
        "attempt": Attempt.objects.filter(state=Attempt.State.PENDING).order_by(),
        "sample": Sample.objects.filter(state=Sample.State.PENDING).order_by(),
    }


def _by_state(
    name: str, words: str, model: type[TrainingRun | Promotion | WebhookDelivery]
) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, words, labels=["state"])
    counts: dict[str, int] = dict(
        model._default_manager.order_by().values_list("state").annotate(count=Count("pk"))
    )
    for state in model.State.values:
        gauge.add_metric([state], counts.get(state, 0))
    return gauge


def _heartbeats() -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(
        "faceverify_heartbeat_age_seconds",
        "Since beat, or the worker of a queue, was heard of.",
        labels=["name"],
    )
    for heartbeat in Heartbeat.objects.all():
        gauge.add_metric([heartbeat.name], max(0.0, heartbeat.age_seconds))
    return gauge


def _model() -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(
        "faceverify_model_info", "The model version in use.", labels=["version", "network", "digest"]
    )
    for version in ModelVersion.objects.filter(state=ModelVersion.State.ACTIVE):
        gauge.add_metric([version.name, version.network, version.digest[:12]], 1)
    return gauge


def _queues() -> GaugeMetricFamily:
    """Nothing while the broker is away: that is what /readyz tells of."""
    gauge = GaugeMetricFamily("faceverify_queue_length", "Tasks that wait in the broker.", labels=["queue"])
    try:
        with current_app.connection_for_write() as broker:
            for queue in settings.QUEUES:
                gauge.add_metric([queue], broker.default_channel.client.llen(queue))  # type: ignore[attr-defined]
    except (KombuError, RedisError, OSError):
        gauge.samples.clear()
    return gauge
