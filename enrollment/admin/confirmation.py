"""A page that says what a button will do, and does it when that is confirmed."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from enrollment.errors import DomainError
from enrollment.reauthentication import fresh_required

TEMPLATE = "admin/enrollment/confirm.html"


@fresh_required
def confirm(
    request: HttpRequest,
    *,
    title: str,
    words: list[str],
    button: str,
    act: Callable[[dict[str, Any]], str],
    back: str,
    form: forms.Form | None = None,
) -> HttpResponse:
    """Shows the page; on POST calls `act` with the form's data, and shows what it answers on the page `back`.

    Whoever has not just shown who they are is asked to do so first.
    """
    refused = ""
    form = form or forms.Form(request.POST or None)
    if request.method == "POST" and (form.is_valid() or not form.fields):
        try:
            messages.success(request, act(getattr(form, "cleaned_data", {})))
        except DomainError as error:
            refused = error.detail
        else:
            return HttpResponseRedirect(back)
    context = admin.site.each_context(request) | {
        "title": title,
        "words": words,
        "button": button,
        "back": back,
        "form": form,
        "refused": refused,
    }
    return render(request, TEMPLATE, context, status=409 if refused else 200)
