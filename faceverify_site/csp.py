"""The content security policy: everything from this site, nothing inline. The admin's theme needs two exceptions."""

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse

# The theme is built on Alpine, which evaluates the expressions in its own templates, and sets colours inline.
ADMIN = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}


class PolicyMiddleware(CSPMiddleware):
    """Sends the policy of the settings, and the admin's own below its address."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only and request.path_info.startswith(reverse("admin:index")):
            parts.replace = ADMIN
        return parts
