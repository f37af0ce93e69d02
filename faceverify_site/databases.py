"""How the site speaks with its database."""

from pathlib import Path
from typing import Any

from environ import Env

# IMMEDIATE takes the write lock at BEGIN, so that reading a counter and raising it cannot interleave.
SQLITE = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;",
}
# A machine that the network loses does not keep rows locked: on both sides, silence ends a connection. Soon enough that
# whoever waits for such a row is answered within 10 s.
POSTGRESQL = {
    "connect_timeout": 5,
    "keepalives_idle": 3,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 6_000,
    "options": "-c tcp_keepalives_idle=3 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3"
    " -c tcp_user_timeout=6000 -c idle_in_transaction_session_timeout=30000",
}


def database_of(env: Env, folder: Path) -> dict[str, Any]:
    """That of DATABASE_URL, or an SQLite file in the folder."""
    database: dict[str, Any] = env.db_url(
        "DATABASE_URL", default=f"sqlite:///{folder / 'faceverify.sqlite3'}"
    )
    database["CONN_MAX_AGE"] = 60
    if database["ENGINE"].endswith("sqlite3"):
        return database | {"OPTIONS": SQLITE, "TEST": {"NAME": str(folder / "test.sqlite3")}}
    return database | {"CONN_HEALTH_CHECKS": True, "OPTIONS": POSTGRESQL | database.get("OPTIONS", {})}
