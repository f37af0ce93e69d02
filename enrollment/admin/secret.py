"""A page that shows a secret this once: no message and no session keeps it, and the admin lets no cache do so."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

TEMPLATE = "admin/enrollment/secret.html"


def secret_page(
    request: HttpRequest, *, title: str, words: list[str], secret: str, back: str
) -> HttpResponse:
    context = admin.site.each_context(request) | {
        "title": title,
        "words": words,
        "secret": secret,
        "back": back,
    }
    return render(request, TEMPLATE, context)
