"""The site's hooks into accounts."""

import pytest

from verification.adapters import AccountAdapter


@pytest.mark.parametrize(("hops", "address"), [(0, "127.0.0.1"), (1, "5.6.7.8")])
def test_limits_of_accounts_go_by_the_address_that_own_proxies_told(rf, settings, hops, address):
    settings.FORWARDED_FOR_HOPS = hops
    request = rf.get("/", headers={"X-Forwarded-For": "1.2.3.4, 5.6.7.8"})
    assert AccountAdapter().get_client_ip(request) == address
