"""Memory of a process and of those below it, as Linux tells."""

import re
from pathlib import Path


def family(pid: int) -> list[int]:
    """The process and all below it."""
    below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(deeper for child in below for deeper in family(int(child)))]


def memory_mb(pids: list[int]) -> float:
    """Resident memory of a parent and its children; what they share with it counts once."""
    parent, *forked = pids
    return _resident_mb(parent, "Rss") + sum(_resident_mb(pid, "Private_(?:Clean|Dirty)") for pid in forked)


def most_memory_mb(pid: int) -> float:
    """The most that a process ever had resident."""
    found = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def loads(pid: int, name: str) -> bool:
    """Whether a library of that name is loaded."""
    return name in Path(f"/proc/{pid}/maps").read_text()


def _resident_mb(pid: int, kind: str) -> float:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.findall(rf"^{kind}:\s+(\d+) kB", rollup, re.MULTILINE)
    return sum(int(kilobytes) for kilobytes in found) / 1024
