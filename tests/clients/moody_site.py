"""A small HTTP server that answers what it is told, one answer after another, and remembers what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HANG_UP = 0
Answer = tuple[int, Any, dict[str, str]]


@dataclass
class Site:
    """Answers are (status, body, headers); the status HANG_UP breaks the connection. The last one is repeated."""

    url: str
    answers: list[Answer]
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def keys(self) -> list[str]:
        return [headers["Idempotency-Key"] for _, _, headers, _ in self.asked]


@contextmanager
def moody_site(*answers: Answer) -> Iterator[Site]:
    site = Site("", list(answers))

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            site.asked.append((self.command, self.path, dict(self.headers), body))
            status, content, headers = site.answers.pop(0) if len(site.answers) > 1 else site.answers[0]
            if status == HANG_UP:
                self.close_connection = True
                return
            sent = b"" if status == 204 else json.dumps(content).encode()
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(sent))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(sent)

        do_GET = answer  # noqa: N815 - the server wants these names
        do_POST = answer  # noqa: N815
        do_PUT = answer  # noqa: N815
        do_PATCH = answer  # noqa: N815
        do_DELETE = answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
