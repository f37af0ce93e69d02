"""Where the site sends to, and where never."""

import socket
import time

import pytest

from enrollment.errors import OutboundFailed, OutboundRefused
from enrollment.outbound import check_addresses, post, url_checked
from tests.enrollment.receiver import receiving


@pytest.fixture
def receiver():
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def private(settings):
    settings.WEBHOOK_PRIVATE_RECEIVERS = True


def refusal(act) -> str:
    with pytest.raises(OutboundRefused) as caught:
        act()
    return caught.value.code


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1",
        "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1",
        "2002:7f00:1::", "2001:db8::1",
    ],
)  # fmt: skip
def test_it_refuses_what_is_not_public(address):
    assert refusal(lambda: check_addresses([address])) == "private_address"


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_it_allows_what_is_public(address):
    check_addresses([address])


def test_one_private_address_among_public_ones_is_enough():
    assert refusal(lambda: check_addresses(["8.8.8.8", "127.0.0.1"])) == "private_address"


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "fd00::1"])
def test_the_setting_allows_the_own_network(private, address):
    check_addresses([address])


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1"])  # noqa: S104
def test_no_setting_allows_metadata_services(private, address):
    assert refusal(lambda: check_addresses([address])) == "private_address"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://example.org/", "not_https"),
        ("ftp://example.org/", "not_https"),
        ("file:///etc/passwd", "not_https"),
        ("example.org", "not_https"),
        ("https://", "not_https"),
        ("https://user:word@example.org/", "bad_url"),
        ("https://example.org/#part", "bad_url"),
        ("https://example.org/" + "x" * 500, "bad_url"),
        ("https://exa mple.org:port/", "bad_url"),
        ("https://127.0.0.1/", "private_address"),
        ("https://[::1]/", "private_address"),
        ("https://2130706433/", "private_address"),
        ("https://0x7f.1/", "private_address"),
        ("https://localhost/", "private_address"),
    ],
)
def test_it_sends_to_no_such_address(url, code):
    assert refusal(lambda: post(url, headers={}, body=b"")) == code


def test_the_answer_of_the_name_server_is_what_is_connected_to(receiver, monkeypatch):
    """A public answer first and a private one a moment later: there is no second question."""
    asked = []

    def rebinding(host, port, *args, **kwargs):
        asked.append(host)
        address = "127.0.0.1" if len(asked) > 1 else "198.18.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with pytest.raises((OutboundRefused, OutboundFailed)):
        post(f"https://rebinding.example:{receiver.server_port}/", headers={}, body=b"", seconds=0.3)
    assert (asked, receiver.got) == (["rebinding.example"], [])


def test_it_answers_the_status(receiver, private):
    receiver.status = 204
    assert post(receiver.url, headers={"X-One": "1"}, body=b"body") == 204
    ((headers, body),) = receiver.got
    assert (headers["x-one"], headers["host"], body) == ("1", f"127.0.0.1:{receiver.server_port}", b"body")


def test_it_follows_no_redirect(receiver, private):
    with receiving() as other:
        receiver.status, receiver.headers = 307, {"Location": other.url}
        assert post(receiver.url, headers={}, body=b"body") == 307
        assert other.got == []


def test_it_asks_no_proxy(receiver, private, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert post(receiver.url, headers={}, body=b"body") == 200


@pytest.mark.parametrize("slow", [{"delay_seconds": 2}, {"drips": True}], ids=["silent", "drips"])
def test_it_waits_no_longer_than_it_says(receiver, private, slow):
    vars(receiver).update(slow)
    started = time.monotonic()
    with pytest.raises(OutboundFailed) as caught:
        post(receiver.url, headers={}, body=b"body", seconds=0.4)
    assert caught.value.code == "timeout"
    assert time.monotonic() - started < 0.9


def test_it_does_not_wait_for_the_body(receiver, private):
    receiver.headers = {"Content-Length": str(10**12)}
    assert post(receiver.url, headers={}, body=b"body") == 200


def test_it_trusts_no_certificate_of_anybodys_own(receiver, private, tmp_path):
    with pytest.raises(OutboundFailed):
        post(receiver.url.replace("http:", "https:"), headers={}, body=b"body")


def test_it_says_that_nobody_listens(receiver, private):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(OutboundFailed) as caught:
            post(f"http://127.0.0.1:{free.getsockname()[1]}/", headers={}, body=b"")
    assert caught.value.code == "unreachable"


def test_it_keeps_an_address_as_it_was_meant():
    assert str(url_checked("https://Example.org/hooks?a=1")) == "https://example.org/hooks?a=1"
