"""How the site holds on to PostgreSQL."""

import pytest
from django.db import connection

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="a file needs no connection"),
]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("idle_in_transaction_session_timeout", "30s"),
        ("tcp_keepalives_idle", "3"),
        ("tcp_user_timeout", "6000"),
    ],
)
def test_a_machine_that_is_lost_does_not_keep_rows_locked(name, value):
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        assert cursor.fetchone() == (value,)
