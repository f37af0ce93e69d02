"""The API's document, and two ways to look at it in a browser."""

from functools import cache

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer

# Both draw with styles of their own making; scripts come from files, as everywhere.
own_styles = csp_update({"style-src": [UNSAFE_INLINE]})


@cache
def document() -> bytes:
    """OpenAPI, in YAML. It does not change while the process runs."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    text: bytes = OpenApiYamlRenderer().render(schema, renderer_context={})
    return text


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    return HttpResponse(document(), content_type="application/yaml; charset=utf-8")


@require_safe
@own_styles
def swagger(request: HttpRequest) -> HttpResponse:
    return render(request, "api/swagger.html")


@require_safe
@own_styles
def redoc(request: HttpRequest) -> HttpResponse:
    return render(request, "api/redoc.html")
