"""Two hosts on a network of the run's own, made of namespaces: each can be cut off without noticing it at once."""

import os
import shutil
import subprocess
from ipaddress import IPv4Address, IPv4Network

# Addresses that no real network has: they are set aside for measuring (RFC 2544).
RANGE = IPv4Network("198.18.0.0/15")
SIZE = 29  # bits; this machine and the hosts
DROPS, FORWARDS = "0", "3"  # states of a switch's port


class Network:
    """A switch that this machine and the hosts hang on."""

    def __init__(self, hosts: int = 2) -> None:
        self.name = f"fv{os.getpid()}"
        first = int(RANGE.network_address) + (os.getpid() % 2**14) * 2 ** (32 - SIZE)
        self.subnet = IPv4Network((first, SIZE))
        self.address = str(IPv4Address(first + 1))  # of this machine
        _ip("link", "add", self.name, "type", "bridge")
        _ip("addr", "add", f"{self.address}/{SIZE}", "dev", self.name)
        _ip("link", "set", self.name, "up")
        self.hosts = [Host(self, number) for number in range(1, hosts + 1)]

    def close(self) -> None:
        close(self.name)


class Host:
    """Shares the files of this machine, and nothing of its network."""

    def __init__(self, network: Network, number: int) -> None:
        self.name = f"{network.name}h{number}"  # of its namespace, and of the switch's port
        self.address = str(network.subnet[number + 1])
        _ip("netns", "add", self.name)
        _ip("link", "add", self.name, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        _ip("link", "set", self.name, "master", network.name, "up")
        _ip("-n", self.name, "addr", "add", f"{self.address}/{SIZE}", "dev", "eth0")
        for device in ("lo", "eth0"):
            _ip("-n", self.name, "link", "set", device, "up")

    def start(
        self, command: str, environment: dict[str, str], **options: object
    ) -> "subprocess.Popen[bytes]":
        """A process of this host, with a group of its own."""
        whole = ["ip", "netns", "exec", self.name, "bash", "-c", command]
        return subprocess.Popen(whole, env=environment, start_new_session=True, **options)  # type: ignore[call-overload]

    def cut_off(self) -> None:
        """The cable stays in on both sides, and not a packet comes through."""
        _port(self.name, DROPS)

    def let_back(self) -> None:
        _port(self.name, FORWARDS)


def network() -> Network | None:
    """None where networks may not be made."""
    if not (shutil.which("ip") and shutil.which("bridge")):
        return None
    try:
        return Network()
    except subprocess.CalledProcessError:
        close(f"fv{os.getpid()}")  # what there is of it
        return None


def close(name: str) -> None:
    """Takes a network and its hosts away, whole or not."""
    for number in (1, 2):
        subprocess.run(["ip", "link", "del", f"{name}h{number}"], check=False, capture_output=True)
        subprocess.run(["ip", "netns", "del", f"{name}h{number}"], check=False, capture_output=True)
    subprocess.run(["ip", "link", "del", name], check=False, capture_output=True)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def _port(name: str, state: str) -> None:
    subprocess.run(["bridge", "link", "set", "dev", name, "state", state], check=True, capture_output=True)
