"""Who connects to a web process that stops is answered or refused, but never cut off."""

import http.client
import signal
import socket
import subprocess
import sys
import time

import pytest

from tests.e2e.stack import ROOT, free_port

APPLICATION = "def app(environ, start): start('200 OK', [('Content-Length', '2')]); return [b'ok']"
OPTIONS = ["--threads", "4", "--keep-alive", "30", "--worker-class"]


@pytest.fixture
def web(tmp_path):
    """Port and process of a web process with an application that answers at once."""
    (tmp_path / "told.py").write_text(APPLICATION)
    port = free_port()
    worker = "faceverify_site.web_worker.DrainingWorker"
    command = [sys.executable, "-m", "gunicorn", "--config", "/dev/null", "--bind", f"127.0.0.1:{port}"]
    command += ["--pythonpath", f"{tmp_path},{ROOT}", *OPTIONS, worker, "told:app"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while post(port) != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    yield port, process
    process.kill()
    process.wait(20)


def test_nobody_is_cut_off(web):
    port, process = web
    idle = http.client.HTTPConnection("127.0.0.1", port)
    idle.request("GET", "/")
    idle.getresponse().read()  # kept open, it lets the process linger
    answers = []
    process.send_signal(signal.SIGTERM)
    while process.poll() is None:
        answers.append(post(port))
    idle.close()
    assert process.returncode == 0
    assert set(answers) <= {200, None}


def post(port: int) -> int | None:
    """Status of the answer; nothing if nobody is there. Raises when the connection is cut off."""
    try:
        line = socket.create_connection(("127.0.0.1", port), timeout=20)
    except ConnectionRefusedError:
        return None
    with line:
        line.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        return int(line.recv(1000).split()[1])
