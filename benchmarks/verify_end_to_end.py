"""Times a verification on the running site, as a browser sees it: from POST of a picture to the decision.

    make run                                        # in another terminal
    .venv/bin/python benchmarks/verify_end_to_end.py --images DIR

DIR holds five or more pictures of one person. The script signs up an account, verifies with the last two pictures in
turn and enrolls the others. It prints a table and, last, one JSON object.
"""

import argparse
import io
import json
import re
import secrets
import statistics
import time
from pathlib import Path

import requests
from PIL import Image

WIDTH_PX = 640
PROBES = 2


class Visitor:
    """A browser without a screen: cookies, and the CSRF token of the last page."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.http = requests.Session()
        self.token = ""

    def open(self, path: str) -> None:
        page = self.http.get(self.url + path, timeout=30)
        page.raise_for_status()
        found = re.search(r'name="(?:csrf-token|csrfmiddlewaretoken)" (?:content|value)="([^"]+)"', page.text)
        self.token = found[1] if found else ""

    def post(self, path: str, **options: object) -> requests.Response:
        headers = {"X-CSRFToken": self.token, "Referer": self.url} | dict(options.pop("headers", {}))  # type: ignore[call-overload]
        answer = self.http.post(self.url + path, headers=headers, timeout=30, **options)  # type: ignore[arg-type]
        answer.raise_for_status()
        return answer


def picture(path: Path) -> bytes:
    """The picture as a 640-pixel JPEG."""
    image = Image.open(path).convert("RGB")
    image = image.resize((WIDTH_PX, WIDTH_PX * image.height // image.width), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def enroll(visitor: Visitor, pictures: list[bytes]) -> None:
    name, password = f"bench{secrets.token_hex(4)}", secrets.token_urlsafe(16)
    visitor.open("/accounts/signup/")
    form = {"email": f"{name}@example.org", "username": name, "password1": password, "password2": password}
    visitor.post("/accounts/signup/", data=form)
    visitor.open("/face/consent/")
    visitor.post("/face/consent/", data={"sign_in": "on"})
    visitor.open("/face/")
    for data in pictures:
        visitor.post("/api/v1/samples", files={"image": data})
    deadline = time.monotonic() + 30
    while not (anchors := visitor.http.get(f"{visitor.url}/api/v1/samples", timeout=30).json()["anchors"])[
        "usable"
    ]:
        if time.monotonic() > deadline:
            raise SystemExit(f"The pictures were not accepted: {anchors}")
        time.sleep(0.2)


def verify(visitor: Visitor, data: bytes) -> tuple[float, str]:
    """Milliseconds from POST to decision, and the state of the session."""
    session = visitor.post("/api/v1/verification-sessions", json={"purpose": "verify"}).json()["id"]
    path = f"/api/v1/verification-sessions/{session}/frames"
    start = time.perf_counter()
    answer = visitor.post(path, files={"image": data}, headers={"Prefer": "wait=10"}).json()
    return 1e3 * (time.perf_counter() - start), answer["state"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", default="http://localhost:8000")
    parser.add_argument("--images", type=Path, required=True, help="folder with pictures of one person")
    parser.add_argument("--rounds", type=int, default=100)
    args = parser.parse_args()

    pictures = [picture(path) for path in sorted(args.images.glob("*.jpg"))]
    visitor = Visitor(args.url)
    enroll(visitor, pictures[:-PROBES])
    visitor.open("/verify/")
    probes = pictures[-PROBES:]
    verify(visitor, probes[0])  # warm
    times, states = zip(*(verify(visitor, probes[i % len(probes)]) for i in range(args.rounds)), strict=True)
    cuts = statistics.quantiles(times, n=100)
    result = {
        "rounds": args.rounds,
        "median_ms": round(statistics.median(times), 1),
        "p95_ms": round(cuts[94], 1),
        "p99_ms": round(cuts[98], 1),
        "succeeded": states.count("succeeded"),
    }
    for name, value in result.items():
        print(f"{name:>10}  {value}")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
