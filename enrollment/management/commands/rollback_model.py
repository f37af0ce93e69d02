"""Goes back to the model version before the active one."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from enrollment.errors import DomainError
from enrollment.selectors import active_model_version
from enrollment.services import model_version_roll_back


class Command(BaseCommand):
    help = "Make the version that the active one replaced the active one again, at once."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            promotion = model_version_roll_back(active_model_version(), actor=None)
        except DomainError as error:
            raise CommandError(f"{error.code}: {error.detail}") from error
        self.stdout.write(f"Model {promotion.version} is active again.")
