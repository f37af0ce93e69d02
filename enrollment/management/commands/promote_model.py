"""Makes another model version the active one, with nobody locked out meanwhile."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from enrollment.errors import DomainError
from enrollment.jobs import reembedding
from enrollment.models import ModelVersion
from enrollment.services import model_version_promote


class Command(BaseCommand):
    help = "Promote a model version: the training worker makes its templates, then switches."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="Name of the candidate or retired version.")
        parser.add_argument(
            "--accept-looser-threshold",
            action="store_true",
            help="Promote even if faces may pass that the active version turns down.",
        )
        parser.add_argument(
            "--now", action="store_true", help="Make the templates in this process, and wait for the switch."
        )

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        version = ModelVersion.objects.filter(name=name).first()
        if version is None:
            raise CommandError(f"There is no model version named {name!r}.")
        try:
            promotion = model_version_promote(
                version, actor=None, accepts_looser=options["accept_looser_threshold"]
            )
        except DomainError as error:
            raise CommandError(f"{error.code}: {error.detail}") from error
        if options["now"]:
            reembedding.promotion_execute(promotion.pk)
            promotion.refresh_from_db()
        if promotion.failure:
            raise CommandError(f"{promotion.failure}: {promotion.failure_detail}")
        self.stdout.write(f"The promotion of {version} is {promotion.get_state_display()}.")
