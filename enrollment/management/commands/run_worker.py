"""Works off queues, as `celery worker` does, without the ten megabytes of a shell that Celery's command line loads."""

import sys
from typing import Any

from celery import current_app
from celery.utils.nodenames import host_format
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Take tasks from these queues, in turn, until told to stop (SIGTERM: when those in hand are done)."
    requires_system_checks: tuple[str, ...] = ()  # a worker makes its own when it starts

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "queues", nargs="+", choices=settings.QUEUES, metavar="queue", help=", ".join(settings.QUEUES)
        )
        parser.add_argument(
            "--concurrency",
            type=int,
            default=1,
            help="Processes, or threads, that work at once; 1 unless told.",
        )
        parser.add_argument("--threads", action="store_true", help="Work in threads of one process.")
        parser.add_argument(
            "--max-memory-per-child", type=int, help="Kilobytes with which a process is replaced."
        )
        parser.add_argument("--hostname", help="Its name among workers; %%h stands for the machine's.")

    def handle(self, *args: Any, queues: list[str], threads: bool, **options: Any) -> None:
        worker = current_app.Worker(
            queues=queues,
            hostname=host_format(options["hostname"] or f"{queues[0]}@%h"),
            pool_cls="threads" if threads else "prefork",
            concurrency=options["concurrency"],
            max_memory_per_child=options["max_memory_per_child"],
            quiet=True,
            without_gossip=True,
            without_mingle=True,
        )
        worker.start()
        sys.exit(worker.exitcode)
