"""The site behind the proxy that compose.yaml puts in front of it: HTTPS, secure cookies, true addresses."""

import http.client
import json
import os
import shutil
import ssl
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from django.conf import settings

from tests.e2e.stack import Stack, free_port
from tests.faces import jpeg, portrait
from tests.faults.visitor import Ledger, Visitor

CADDYFILE = settings.BASE_DIR / "deploy" / "Caddyfile"
pytestmark = [pytest.mark.e2e, pytest.mark.skipif(not shutil.which("caddy"), reason="needs Caddy")]
SOURCES = """
from verification.models import VerificationSession
print(*VerificationSession.objects.values_list("source", flat=True).distinct().order_by())
"""
IDLE_SECONDS = 5  # gunicorn's own default is 2
FORGED = {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "http"}


@pytest.fixture(scope="module")
def proxied(tmp_path_factory):
    """The site, and its address at the proxy."""
    stack, folder, https = Stack(), tmp_path_factory.mktemp("caddy"), free_port()
    address = f"https://localhost:{https}"
    stack.environment |= {"SITE_URL": address, "BEHIND_PROXY": "true", "FORWARDED_FOR_HOPS": "1"}
    stack.environment |= {"BIND": f"127.0.0.1:{stack.port}", "METRICS_TOKEN": "a token of the tests"}
    proxy = caddy(folder, https, upstream=f"127.0.0.1:{stack.port}")
    try:
        stack.up()
        yield stack, address, folder / "data/pki/authorities/local/root.crt"
    finally:
        stack.down()
        proxy.terminate()
        proxy.wait(20)


def caddy(folder, https, *, upstream) -> subprocess.Popen[bytes]:
    """Caddy with the published file, on ports of its own and with certificates of its own making."""
    own = f"{{\n\tadmin off\n\tskip_install_trust\n\thttp_port {free_port()}\n\thttps_port {https}\n"
    file = folder / "Caddyfile"
    file.write_text(CADDYFILE.read_text().replace("{\n", f"{own}\tstorage file_system {folder}/data\n", 1))
    environment = os.environ | {"DOMAIN": "localhost", "UPSTREAM": upstream, "HOME": str(folder)}
    options = ["--config", str(file), "--adapter", "caddyfile"]
    subprocess.run(["caddy", "validate", *options], env=environment, check=True, capture_output=True)
    return subprocess.Popen(["caddy", "run", *options], env=environment, stderr=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def visitor(proxied):
    """Somebody who has enrolled through the proxy, and lies about where they come from."""
    _, address, certificate = proxied
    visitor = Visitor(address, Ledger())
    visitor.http.close()
    with httpx.Client(
        base_url=address,
        verify=ssl.create_default_context(cafile=str(certificate)),
        headers=FORGED,
        follow_redirects=True,
        timeout=20,
    ) as visitor.http:
        visitor.enroll()
        yield visitor


def test_a_face_is_recognised_through_the_proxy(visitor):
    assert visitor.verify(jpeg(portrait())) == "succeeded"


def test_cookies_never_go_over_plain_http(visitor):
    cookies = {cookie.name: cookie.secure for cookie in visitor.http.cookies.jar}
    assert cookies["sessionid"]
    assert all(cookies.values())


def test_a_forged_address_is_not_believed(proxied, visitor):
    visitor.verify(jpeg(portrait()))
    sources = proxied[0].manage("shell", "-v0", "-c", SOURCES)
    assert sources.split() == ["127.0.0.1"]


def test_it_offers_no_way_that_is_not_open(visitor):
    assert "Alt-Svc" not in visitor.http.get("/accounts/login/").headers


def test_an_idle_connection_is_still_good_for_a_post(proxied):
    """Who closes it under a request leaves the proxy in doubt whether that was done."""
    idle = http.client.HTTPConnection("127.0.0.1", proxied[0].port, timeout=20)
    answers = []
    for pause in (0, IDLE_SECONDS):
        time.sleep(pause)
        idle.request("POST", "/api/v1/samples", b"", {"X-Forwarded-Proto": "https"})
        answer = idle.getresponse()
        answers.append((answer.status, json.loads(answer.read())["code"]))
    idle.close()
    assert answers == [(403, "permission_denied")] * 2


def test_nobody_notices_that_the_web_process_is_replaced(proxied):
    stack, address, certificate = proxied
    context, over = ssl.create_default_context(cafile=str(certificate)), threading.Event()
    with ThreadPoolExecutor(2) as pool:
        asking = [pool.submit(statuses, address, context, over, method) for method in ("GET", "POST")]
        time.sleep(0.5)
        stack.stop("web")
        time.sleep(1)  # for as long it would be away in a container
        stack.start("web")
        stack.wait_for_web()
        over.set()
        pages, posts = (found.result() for found in asking)
    assert set(pages) == {200}
    assert set(posts) == {403}  # the site's own answer to a stranger


def statuses(address, context, over, method) -> list[int]:
    """What is answered to a stranger who asks on until it is over."""
    found = []
    with httpx.Client(base_url=address, verify=context, timeout=60) as http:
        while not over.wait(0.05):
            path = "/accounts/login/" if method == "GET" else "/api/v1/samples"
            found.append(http.request(method, path).status_code)
    return found


def test_probes_are_asked_inside_only(proxied, visitor):
    assert visitor.http.get("/readyz").status_code == 404
    assert httpx.get(f"{proxied[0].url}/readyz").status_code in {200, 503}


def test_metrics_need_their_token(visitor):
    token = {"Authorization": "Bearer a token of the tests"}
    answers = [visitor.http.get("/metrics", headers=headers).status_code for headers in ({}, token)]
    assert answers == [403, 200]


def test_too_large_a_body_gets_the_answer_of_the_site(visitor):
    answer = visitor.http.post("/api/v1/samples", content=bytes(13 * 2**20))
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"
