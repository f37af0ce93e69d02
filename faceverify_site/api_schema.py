"""What the API's own document says about the API as a whole."""

DESCRIPTION = """\
Enroll faces and verify people by them, from apps and from other backends.

**Who calls.** People's apps send `X-Session-Token`, backends `X-API-Key`, apps that sign somebody in by face
`X-Device-Key`; a browser sends its session cookie and a CSRF token.

**Slow work** answers 202 with a resource to ask for again. With `Prefer: wait=N` the answer comes when the work is
done, after N seconds (at most 10) in any case.

**Trying again is safe** with an `Idempotency-Key`: the work is done once, and the first answer is given again.

**Errors** are `application/problem+json` (RFC 9457) with a stable `code`.
"""

SPECTACULAR = {
    "TITLE": "FaceVerify",
    "DESCRIPTION": DESCRIPTION,
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "LICENSE": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
    # Relative, so that the document is the same wherever the site runs.
    "SERVERS": [{"url": "/", "description": "This site"}],
    "TAGS": [
        {"name": "me", "description": "The person who asks, and what they agreed to."},
        {"name": "samples", "description": "Pictures to recognise a person by."},
        {"name": "verification", "description": "Is this the person? A session, its challenge, the verdict."},
        {"name": "compare", "description": "Are these two pictures of one person?"},
        {"name": "identify", "description": "Whom does this picture resemble?"},
        {"name": "subjects", "description": "People without an account here, for backends."},
        {
            "name": "models",
            "description": "Versions of the recognition model, and the training that makes them.",
        },
    ],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": True,
    "ENUM_NAME_OVERRIDES": {
        "InquiryStateEnum": "verification.models.inquiry.Inquiry.State",
        "ModelStateEnum": "enrollment.models.model_version.ModelVersion.State",
        "TrainingRunStateEnum": "enrollment.models.training_run.TrainingRun.State",
    },
    # `make openapi` and a test look at the document; the deployment check need not.
    "ENABLE_DJANGO_DEPLOY_CHECK": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "enrollment.api.schema.problems_share",
        "enrollment.api.schema.columns_forget",
    ],
}
