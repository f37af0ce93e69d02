"""Where the site sends to, and where never."""

import socket
import ssl
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from enrollment.errors import OutboundFailed, OutboundRefused
from enrollment.outbound import _trust, check_addresses, post, url_checked
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
        "2002:7f00:1::", "2001:db8::1", "fec0::1", "64:ff9b:1::7f00:1", "::ffff:0:127.0.0.1", "5f00::1",
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


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1"])
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
        ("https://xn--/", "bad_url"),
        ("https://127.0.0.1/", "private_address"),
        ("https://[::1]/", "private_address"),
        ("https://2130706433/", "private_address"),
        ("https://0x7f.1/", "private_address"),
        ("https://localhost/", "private_address"),
    ],
)
def test_it_sends_to_no_such_address(url, code):
    assert refusal(lambda: post(url, headers={}, body=b"")) == code


def named(monkeypatch, addresses: dict[str, list[str]]) -> list[str]:
    """Answers for names that no name server knows, each for one question. Answers what was asked, as it comes."""
    asked, real = [], socket.getaddrinfo

    def answer(host, port, *args, **kwargs):
        asked.append(host)
        address = addresses[host].pop(0) if host in addresses else host
        return real(address, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


def test_a_name_may_not_stand_for_the_own_network(receiver, monkeypatch):
    named(monkeypatch, {"inside.example": ["127.0.0.1"]})
    url = f"https://inside.example:{receiver.server_port}/"
    assert refusal(lambda: post(url, headers={}, body=b"")) == "private_address"


def test_what_was_checked_is_what_is_connected_to(receiver, private, monkeypatch):
    """A name server that would say something else a moment later is not asked again."""
    asked = named(monkeypatch, {"hooks.example": ["127.0.0.1", "127.0.0.9"]})
    assert post(f"http://hooks.example:{receiver.server_port}/", headers={}, body=b"") == 200
    assert asked == ["hooks.example", "127.0.0.1"]
    assert receiver.got[0][0]["host"] == f"hooks.example:{receiver.server_port}"


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


@pytest.fixture
def certified(receiver, private, monkeypatch, tmp_path):
    """The receiver by https, with a certificate for hooks.example that the site is told to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hooks.example")])
    now = datetime.now(tz=UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(1), now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example")]), critical=False)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "both.pem").write_bytes(secret + certificate)
    (tmp_path / "trusted.pem").write_bytes(certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    receiver.socket = context.wrap_socket(receiver.socket, server_side=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "trusted.pem"))
    named(monkeypatch, {"hooks.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]})
    _trust.cache_clear()
    yield receiver
    _trust.cache_clear()


def test_the_certificate_is_held_against_the_name(certified):
    assert post(f"https://hooks.example:{certified.server_port}/", headers={}, body=b"") == 200
    with pytest.raises(OutboundFailed, match="certificate"):
        post(f"https://other.example:{certified.server_port}/", headers={}, body=b"")


def test_it_trusts_nobodys_own_certificate(certified, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(OutboundFailed, match="certificate"):
        post(f"https://hooks.example:{certified.server_port}/", headers={}, body=b"")


def test_it_says_that_nobody_listens(receiver, private):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(OutboundFailed) as caught:
            post(f"http://127.0.0.1:{free.getsockname()[1]}/", headers={}, body=b"")
    assert caught.value.code == "unreachable"


def test_it_keeps_an_address_as_it_was_meant():
    assert str(url_checked("https://Example.org/hooks?a=1")) == "https://example.org/hooks?a=1"
