"""What the admin looks like, and its menu."""

from django.templatetags.static import static
from django.urls import reverse_lazy


def _admin_link(title: str, icon: str, model: str) -> dict[str, object]:
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{model}_changelist")}


UNFOLD = {
    "SITE_TITLE": "FaceVerify",
    "SITE_HEADER": "FaceVerify",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("img/icon.svg")}],
    "SITE_SYMBOL": "familiar_face_and_zone",
    "SHOW_HISTORY": True,
    "COLORS": {
        "primary": {
            "50": "#eef7f5", "100": "#d5ece7", "200": "#aedad1", "300": "#7cc1b5", "400": "#4ba396", "500": "#2e877b",
            "600": "#1b6f65", "700": "#0c6059", "800": "#0d4c47", "900": "#0d3f3b", "950": "#042624",
        },
    },
    "SIDEBAR": {
        "show_search": True,
        "navigation": [
            {
                "title": "People",
                "items": [
                    _admin_link("Accounts", "person", "enrollment_user"),
                    _admin_link("Subjects", "face", "enrollment_subject"),
                    _admin_link("Samples", "photo_camera", "enrollment_sample"),
                    _admin_link("Templates", "fingerprint", "enrollment_template"),
                    _admin_link("Look-alikes", "group", "enrollment_duplicateflag"),
                ],
            },
            {
                "title": "Identification",
                "items": [
                    {
                        "title": "Identify a face",
                        "icon": "person_search",
                        "link": reverse_lazy("admin:verification_identification_identify"),
                        "permission": lambda request: request.user.has_perm("verification.add_identification"),
                    },
                    _admin_link("Past searches", "manage_search", "verification_identification"),
                ],
            },
            {
                "title": "Sign-in",
                "items": [
                    _admin_link("Attempts", "login", "verification_attempt"),
                    _admin_link("Sessions", "history", "verification_verificationsession"),
                    _admin_link("Devices", "devices", "usersessions_usersession"),
                    _admin_link("Second factors", "key", "mfa_authenticator"),
                    _admin_link("Locked accounts", "lock", "verification_failurecount"),
                    _admin_link("Addresses", "public_off", "verification_source"),
                ],
            },
            {
                "title": "Recognition",
                "items": [
                    _admin_link("Model versions", "neurology", "enrollment_modelversion"),
                    _admin_link("Training runs", "model_training", "enrollment_trainingrun"),
                    {
                        "title": "Drift",
                        "icon": "trending_down",
                        "link": reverse_lazy("admin:verification_attempt_drift"),
                        "permission": lambda request: request.user.has_perm("verification.view_attempt"),
                    },
                ],
            },
            {
                "title": "Machine",
                "items": [
                    _admin_link("Service keys", "vpn_key", "enrollment_servicekey"),
                    _admin_link("Webhooks", "webhook", "enrollment_webhookendpoint"),
                    _admin_link("Webhook deliveries", "outbox", "enrollment_webhookdelivery"),
                    _admin_link("Audit log", "history_edu", "enrollment_auditevent"),
                    _admin_link("Periodic tasks", "schedule", "django_celery_beat_periodictask")],
            },
        ],
    },
}  # fmt: skip
