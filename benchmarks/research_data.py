"""The research faces beside the project, which no clone has."""

from pathlib import Path

from benchmarks.report import ROOT

DATA = ROOT.parent / "shared" / "data"
LFW = DATA / "lfw"
TRAIN = DATA / "train"


def required(path: Path) -> Path:
    """The path, if there is something."""
    if not path.exists():
        raise SystemExit(f"expected research faces in {path}; name another place with the option for it")
    return path


def lfw_pictures(folder: Path, count: int) -> list[Path]:
    """Pictures that stand in the folder's pairs.txt, evenly spaced by name."""
    names = set()
    for line in required(folder / "pairs.txt").read_text().splitlines()[1:]:
        first, number, *rest = line.split()
        second, other = (first, rest[0]) if len(rest) == 1 else (rest[0], rest[1])
        names |= {f"{first}/{first}_{int(number):04d}.jpg", f"{second}/{second}_{int(other):04d}.jpg"}
    ordered = sorted(names)
    return [folder / "images" / name for name in ordered[:: max(1, len(ordered) // count)][:count]]
