"""What every endpoint has in common."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.views import APIView

Row = TypeVar("Row", bound=Model)


class ApiView(APIView):
    """Base of every endpoint."""


class Pages(CursorPagination):
    """Newest first; a page stays where it is while rows are added before it."""

    page_size = 20
    max_page_size = 100
    page_size_query_param = "page_size"


def page(
    request: Request,
    queryset: QuerySet[Row],
    serialize: Callable[[Row], Any],
    *,
    name: str = "results",
    ordering: tuple[str, ...] = ("-created_at", "-pk"),
) -> dict[str, Any]:
    """One page of rows below `name`, with the addresses of the pages beside it. See `schema.paged`."""
    pages = Pages()
    pages.ordering = ordering
    try:
        rows = pages.paginate_queryset(queryset, request) or []
    except (ValidationError, ValueError, OverflowError) as error:  # a cursor that somebody wrote by hand
        raise NotFound("There is no such page.") from error
    return {
        "next": pages.get_next_link(),
        "previous": pages.get_previous_link(),
        name: [serialize(row) for row in rows],
    }
