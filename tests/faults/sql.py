"""What must hold, as SQL: each statement counts what breaks a rule. PostgreSQL and SQLite read them alike."""

from datetime import timedelta

from django.db import connection
from django.utils import timezone

# 15 s for an answer, then a sweep that comes every 5 s.
ANSWERED_WITHIN = timedelta(seconds=25)

# At every instant, whatever is under way.
ALWAYS = {
    "active_versions_amiss": "SELECT abs(count(*) - 1) FROM enrollment_modelversion WHERE state = 'active'",
    "anchors_without_template": """
        SELECT count(*) FROM enrollment_sample s WHERE s.state = 'accepted' AND NOT EXISTS (
            SELECT 1 FROM enrollment_template t JOIN enrollment_modelversion v ON v.id = t.model_version_id
            WHERE t.sample_id = s.id AND v.state = 'active')""",
    "templates_without_anchor": """
        SELECT count(*) FROM enrollment_template t JOIN enrollment_sample s ON s.id = t.sample_id
        WHERE s.state <> 'accepted'""",
    "templates_of_no_version": """
        SELECT count(*) FROM enrollment_template t JOIN enrollment_modelversion v ON v.id = t.model_version_id
        WHERE v.state IN ('draft', 'training', 'refused')""",
    "pictures_without_consent": """
        SELECT count(*) FROM enrollment_sample s WHERE NOT EXISTS (
            SELECT 1 FROM enrollment_consent c
            WHERE c.subject_id = s.subject_id AND c.purpose = 'sign_in' AND c.withdrawn_at IS NULL)""",
    "attempts_overdue": """
        SELECT count(*) FROM verification_attempt WHERE state = 'pending' AND created_at < %(overdue)s""",
    "two_runs_open": """
        SELECT CASE WHEN count(*) > 1 THEN 1 ELSE 0 END FROM enrollment_trainingrun
        WHERE state IN ('requested', 'running')""",
    "two_promotions_open": """
        SELECT CASE WHEN count(*) > 1 THEN 1 ELSE 0 END FROM enrollment_promotion WHERE state = 'embedding'""",
}
# Once nothing is under way.
AT_REST = {
    "samples_pending": "SELECT count(*) FROM enrollment_sample WHERE state = 'pending'",
    "attempts_pending": "SELECT count(*) FROM verification_attempt WHERE state = 'pending'",
    "sessions_pending": "SELECT count(*) FROM verification_verificationsession WHERE state = 'in_progress'",
    "deliveries_open": """
        SELECT count(*) FROM enrollment_webhookdelivery WHERE state IN ('pending', 'retrying')""",
    "deliveries_given_up": "SELECT count(*) FROM enrollment_webhookdelivery WHERE state = 'failed'",
    "samples_decided_twice": """
        SELECT count(*) FROM (SELECT object_id FROM enrollment_auditevent WHERE action = 'sample_decide'
            GROUP BY object_id HAVING count(*) > 1) AS twice""",
    "attempts_decided_twice": """
        SELECT count(*) FROM (SELECT object_id FROM enrollment_auditevent WHERE action IN ('verify', 'sign_in')
            GROUP BY object_id HAVING count(*) > 1) AS twice""",
    "wins_without_one_match": """
        SELECT count(*) FROM verification_verificationsession s WHERE s.state = 'succeeded' AND 1 <> (
            SELECT count(*) FROM verification_attempt a WHERE a.session_id = s.id AND a.decision = 'match')""",
    "matches_without_win": """
        SELECT count(*) FROM verification_attempt a JOIN verification_verificationsession s ON s.id = a.session_id
        WHERE a.decision = 'match' AND s.state <> 'succeeded'""",
    "probes_kept": """
        SELECT count(*) FROM verification_attempt WHERE state <> 'pending' AND length(sealed_probe) > 0""",
    "compared_across_versions": """
        SELECT count(*) FROM verification_attempt WHERE anchors_version_id <> model_version_id""",
    "matched_below_threshold": """
        SELECT count(*) FROM verification_attempt WHERE decision = 'match' AND NOT similarity >= threshold""",
}


def broken(rules: dict[str, str]) -> dict[str, int]:
    """Asks all at once, of one state of the database; names each rule that is broken, with how often."""
    union = " UNION ALL ".join(f"SELECT '{name}', ({statement})" for name, statement in rules.items())
    overdue = connection.ops.adapt_datetimefield_value(timezone.now() - ANSWERED_WITHIN)
    with connection.cursor() as cursor:
        cursor.execute(union, {"overdue": overdue})
        return {str(name): int(count) for name, count in cursor.fetchall() if count}
