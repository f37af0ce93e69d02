"""What every endpoint's part of the API document has in common: problems, headers, ways to say who one is."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

PROBLEM_TYPE = "application/problem+json"
DESCRIPTIONS = {
    400: "The request could not be read, or its fields are not valid; `errors` says which.",
    401: "The request does not say who is asking, or what it says is not valid.",
    403: "Whoever is asking may not do this.",
    404: "There is no such thing, or not for whoever is asking.",
    406: "The API answers in JSON alone.",
    409: "It does not go together with what is there or under way; `code` says with what.",
    413: "The body is larger than what is accepted.",
    415: "The body is of a kind that is not accepted.",
    422: "Understood, but refused for the reason in `code`.",
    429: "Too often, or too many failed tries. `Retry-After` says how many seconds to wait.",
    503: "A part of the site is away. `Retry-After` says when to try again.",
}
EVERYWHERE = (400, 401, 403, 406, 429, 503)
WITH_BODY = (413, 415)
WITH_KEY = (409, 422)

REQUEST_ID = OpenApiParameter(
    "X-Request-ID",
    str,
    OpenApiParameter.HEADER,
    response=True,
    description="Names this request in answers and logs: yours, if it is 8 to 64 letters, digits, `-` or `_`.",
)


def retry_after(*statuses: int) -> OpenApiParameter:
    """The header, in answers of these statuses."""
    return OpenApiParameter(
        "Retry-After",
        int,
        OpenApiParameter.HEADER,
        response=[*statuses],
        description="Seconds to wait before trying or asking again.",
    )


PREFER = OpenApiParameter(
    "Prefer",
    str,
    OpenApiParameter.HEADER,
    description="`wait=N` holds the request up to N seconds, at most 10, until the work is done (RFC 7240).",
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    pattern="^[!-~]{1,255}$",
    description="Of your making, for one piece of work: sent again within 24 hours, it gets the first answer again.",
)
IDEMPOTENCY_REPLAYED = OpenApiParameter(
    "Idempotency-Replayed",
    {"type": "string", "enum": ["true"]},
    OpenApiParameter.HEADER,
    response=[200, 201, 202],
    description="There when this is the answer of an earlier request with the same key.",
)
# For endpoints that wait: `@extend_schema(parameters=WAITING, ...)`.
WAITING = [
    PREFER,
    OpenApiParameter(
        "Preference-Applied",
        str,
        OpenApiParameter.HEADER,
        response=[200, 202],
        description="The seconds that were granted, as `wait=N`.",
    ),
    retry_after(202, 429, 503),
]
# For endpoints that answer with `page(...)`.
PAGING = [
    OpenApiParameter("cursor", str, description="Where to go on: take `next` or `previous` as it is."),
    OpenApiParameter(
        "page_size",
        {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
        description="How many at once.",
    ),
]


class ProblemSerializer(serializers.Serializer[Any]):
    """A problem, after RFC 9457."""

    type = serializers.CharField(help_text="Always `about:blank`: `code` tells problems apart.")
    title = serializers.CharField(help_text="What the status means.")
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="Stable; decide by this one.")
    detail = serializers.CharField(help_text="For people; its words may change.")
    request_id = serializers.CharField()
    retry_after_seconds = serializers.IntegerField(required=False)
    errors = serializers.DictField(  # type: ignore[assignment]  # of the answer, not of this serializer
        required=False, help_text="What is wrong, by field, where fields are."
    )


def problems(*statuses: int) -> dict[Any, Any]:
    """What an endpoint refuses with, beside the usual: for `extend_schema(responses={200: ...} | ...)`."""
    return {
        (status, PROBLEM_TYPE): OpenApiResponse(ProblemSerializer, description=DESCRIPTIONS[status])
        for status in statuses
    }


def paged(
    serializer: type[serializers.BaseSerializer[Any]], *, name: str
) -> type[serializers.Serializer[Any]]:
    """The serializer of one page of a list that `enrollment.api.base.page` answers, its rows under `name`."""
    fields = {
        "next": serializers.URLField(allow_null=True, help_text="The page after this one."),
        "previous": serializers.URLField(allow_null=True, help_text="The page before this one."),
        name: serializer(many=True),
    }
    title = serializer.__name__.removesuffix("Serializer")
    return type(f"{title}PageSerializer", (serializers.Serializer,), fields)


class ApiSchema(AutoSchema):
    """Adds to each operation what holds for all of them."""

    def get_override_parameters(self) -> list[Any]:
        more = [IDEMPOTENCY_KEY, IDEMPOTENCY_REPLAYED] if self.method == "POST" else []
        return [*super().get_override_parameters(), REQUEST_ID, retry_after(429, 503), *more]

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        for status in self._usual_problems():
            if str(status) not in bodies:
                (response,) = problems(status).values()
                bodies[str(status)] = self._get_response_for_code(  # type: ignore[no-untyped-call]
                    response, str(status), [PROBLEM_TYPE], direction
                )
        return dict(sorted(bodies.items()))

    def _usual_problems(self) -> list[int]:
        statuses = list(EVERYWHERE)
        if "{" in self.path or PAGING[0] in self.get_override_parameters():
            statuses.append(404)
        if self.method in {"POST", "PUT", "PATCH"}:
            statuses += WITH_BODY
        if self.method == "POST":
            statuses += WITH_KEY
        return statuses


def problems_share(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """A hook of the document: every status has one problem answer, which operations only name."""
    shared = result["components"].setdefault("responses", {})
    operations = [operation for path in result["paths"].values() for operation in path.values()]
    for operation in operations:
        for status, response in operation["responses"].items():
            name = f"Problem{status}"
            if list(response.get("content", {})) == [PROBLEM_TYPE] and (
                shared.setdefault(name, response) == response
            ):
                operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}
    return result


class ServiceKeyScheme(OpenApiAuthenticationExtension):
    target_class = "enrollment.api.service_keys.ServiceKeyAuthentication"
    name = "serviceKey"
    optional = True

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "X-API-Key",
            "description": "Of a backend: made, scoped and revoked in the admin.",
        }


class AppScheme(OpenApiAuthenticationExtension):
    target_class = "enrollment.api.authentication.AppAuthentication"
    name = ["sessionToken", "deviceKey"]
    optional = True

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, str]]:
        return [
            {
                "type": "apiKey",
                "in": "header",
                "name": "X-Session-Token",
                "description": "Of a person's app: from a sign-in below `/_allauth/app/v1/`, or by face.",
            },
            {
                "type": "apiKey",
                "in": "header",
                "name": "X-Device-Key",
                "description": "Of an app in which nobody is signed in yet: at least 32 random characters of its own.",
            },
        ]

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, list[Any]]]:
        return [{"sessionToken": []}, {"deviceKey": []}]


class BrowserScheme(OpenApiAuthenticationExtension):
    target_class = "enrollment.api.authentication.BrowserAuthentication"
    name = "browser"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "Of a browser on this site; whatever changes something needs `X-CSRFToken` too.",
        }


# The widest and narrowest integers of the databases that the site runs on.
_COLUMN_LIMITS = {32767, 2147483647, 9223372036854775807, -32768, -2147483648, -9223372036854775808}


def columns_forget(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Takes the limits of a database's columns out: the document is the same whichever database runs below."""
    for component in result["components"]["schemas"].values():
        for field in component.get("properties", {}).values():
            for limit in ("minimum", "maximum"):
                if field.get(limit) in _COLUMN_LIMITS:
                    del field[limit]
                    field.pop("format", None)
    return result
