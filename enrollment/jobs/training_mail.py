"""Tells the staff who may retrain how a run ended."""

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from enrollment.models import TrainingRun, User

ENDS = {
    TrainingRun.State.SUCCEEDED: ("passed the gate", "It can be promoted in the admin."),
    TrainingRun.State.REFUSED: ("was refused by the gate", "The version in use stays. The report says why."),
    TrainingRun.State.FAILED: ("failed", "The version in use stays."),
}


def run_mail(run: TrainingRun) -> None:
    """One mail to each: they need not learn each other's addresses."""
    ended, then = ENDS[TrainingRun.State(run.state)]
    lines = [f"Training run {run.pk} ({run.network}) {ended}. {then}"]
    if run.failure:
        lines.append(f"{run.failure}: {run.failure_detail}")
    if run.note:
        lines.append(f"Note: {run.note}")
    lines.append(f"{settings.SITE_URL}/admin/enrollment/trainingrun/{run.pk}/change/")
    subject = f"{settings.ACCOUNT_EMAIL_SUBJECT_PREFIX}training run {run.pk} {ended}"
    staff = User.objects.with_perm("enrollment.can_retrain").filter(is_staff=True).exclude(email="")
    with get_connection() as connection:
        for user in staff.distinct():
            EmailMessage(subject, "\n\n".join(lines), to=[user.email], connection=connection).send()
