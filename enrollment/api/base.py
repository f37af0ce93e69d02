"""What every endpoint has in common."""

import re
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from django.core.exceptions import ValidationError
from django.db import DataError, transaction
from django.db.models import Model, QuerySet
from django.http.response import HttpResponseBase
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, NotFound, Throttled
from rest_framework.exceptions import ValidationError as Invalid
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from enrollment.api import idempotency, waiting
from enrollment.api.throttles import RefusedThrottle
from enrollment.models import StoredAnswer

Row = TypeVar("Row", bound=Model)


class Replay(Exception):
    """Ends a request with an answer that was given before."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer


class ApiView(APIView):
    """Base of every endpoint. Whatever is posted with an `Idempotency-Key` is done once."""

    # Whether what is posted ends in the queue of face checks, and is turned away at the door while that is full.
    queues_face_check = False
    claim: StoredAnswer | None = None

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        finally:
            if self.claim is not None:  # it ended in an error that nobody foresaw
                self.claim.release()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        claim = idempotency.claim_for(request)
        if claim is not None and claim.status is not None:
            raise Replay(self.replayed(request, claim))
        self.claim = claim

    def replayed(self, request: Request, claim: StoredAnswer) -> Response:
        """The answer to what was done before under the same key."""
        return idempotency.replay(claim)

    def permission_denied(
        self, request: Request, message: str | None = None, code: str | None = None
    ) -> NoReturn:
        """Nobody is asked to say who they are: 401, also for an app that sent its device key."""
        if not request.user.is_authenticated:
            raise NotAuthenticated
        super().permission_denied(request, message, code)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, Replay):
            return exc.answer
        if isinstance(exc, (AuthenticationFailed, NotAuthenticated)):
            exc = self._slowed(exc)
        return super().handle_exception(exc)

    def _slowed(self, refusal: Exception) -> Exception:
        """The refusal, or a request to wait for an address that has had too many of them."""
        throttle = RefusedThrottle()
        return refusal if throttle.allow_request(self.request, self) else Throttled(throttle.wait())

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        if self.claim is not None:
            idempotency.settle(self.claim, response)
            self.claim = None
        waiting.tell(request, response)
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer.headers.setdefault("Cache-Control", "no-store")  # no cache tells keys and tokens apart
        return answer


class Pages(CursorPagination):
    """Newest first; a page stays where it is while rows are added before it."""

    page_size = 20
    max_page_size = 100
    page_size_query_param = "page_size"

    def get_page_size(self, request: Request) -> int:
        told = request.query_params.get(self.page_size_query_param, str(self.page_size))
        if not re.fullmatch(r"[1-9]\d?|100", told, re.ASCII):
            raise Invalid(
                {self.page_size_query_param: [f"Expected a number from 1 to {self.max_page_size}."]}
            )
        return int(told)


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
        with transaction.atomic():  # whatever surrounds it outlives a value that PostgreSQL refuses
            rows = pages.paginate_queryset(queryset, request) or []
    except (NotFound, ValidationError, ValueError, OverflowError, DataError) as error:  # written by hand
        raise NotFound("There is no such page.") from error
    return {
        "next": pages.get_next_link(),
        "previous": pages.get_previous_link(),
        name: [serialize(row) for row in rows],
    }
