"""Writes `.env` from `.env.example` with fresh secrets. Leaves an existing `.env` alone."""

import base64
import os
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    target = ROOT / ".env"
    if target.exists():
        return
    text = (ROOT / ".env.example").read_text()
    fresh = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FACE_ENCRYPTION_KEYS": base64.urlsafe_b64encode(os.urandom(32)).decode(),
    }
    for name, value in fresh.items():
        text = text.replace(f"\n{name}=\n", f"\n{name}={value}\n")
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    print(
        "Wrote .env with fresh secrets. Keep a copy of FACE_ENCRYPTION_KEYS: without it, enrolled faces are lost."
    )


if __name__ == "__main__":
    main()
