"""Pages for developers, rendered from the same files in docs/ that the repository shows."""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.views.decorators.http import require_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

DOCS = settings.BASE_DIR / "docs"
# Where the documents that link to each other are found on the site.
ROUTES = {
    "verify_your_first_face.md": "developers",
    "api.md": "developers_api",
    "webhooks.md": "developers_webhooks",
}
# The address in the documents, for which pages show the site's own.
ADDRESS = "http://localhost:8000"
LANGUAGES = {"bash": "curl", "python": "Python", "kotlin": "Kotlin", "swift": "Swift", "json": "JSON"}


@require_safe
def document(request: HttpRequest, name: str) -> HttpResponse:
    """One document of `ROUTES`."""
    title, html = rendered(name)
    return render(request, "pages/document.html", {"title": title, "html": html})


@cache
def rendered(name: str) -> tuple[str, SafeString]:
    """Title and body. Raw HTML in a document is shown as text; it does not change while the process runs."""
    text = (DOCS / name).read_text().replace(ADDRESS, settings.SITE_URL)
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    markdown.add_render_rule("fence", _fence)
    markdown.add_render_rule(
        "table_open", lambda *_: '<div class="table-wrap" role="region" tabindex="0"><table>'
    )
    markdown.add_render_rule("table_close", lambda *_: "</table></div>")
    tokens = markdown.parse(text)
    title = ""
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            title = title or inline.content
            opening.attrSet("id", slugify(inline.content))
        _point_to_routes(inline)
    return title, mark_safe(markdown.renderer.render(tokens, markdown.options, {}))  # noqa: S308 - our own files


def _fence(self: Any, tokens: Sequence[Token], index: int, *_: Any) -> str:
    fence = tokens[index]
    label = LANGUAGES.get(fence.info.strip(), "")
    return format_html(
        '<figure class="code"><figcaption>{}</figcaption><pre tabindex="0"><code>{}</code></pre></figure>',
        label,
        fence.content,
    )


def _point_to_routes(inline: Token) -> None:
    """Links from document to document become links from page to page; others into the repository lose their target."""
    for token in inline.children or []:
        if token.type == "link_open":
            name, mark, anchor = str(token.attrGet("href")).partition("#")
            if name in ROUTES:
                token.attrSet("href", reverse(ROUTES[name]) + mark + anchor)
