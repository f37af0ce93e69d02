"""Wiring of the site: settings, routes, the queue, error answers."""

from faceverify_site.celery import app as celery_app

__all__ = ["celery_app"]
