r"""Times our face pipeline and dlib's in turn, on the same pictures, and prints how many times faster ours is.

    python benchmarks/pipeline_vs_dlib.py --dlib-python DIR/bin/python --yardstick PATH/dlib_pipeline.py \
        --dlib-models DIR/models --lfw ../shared/data/lfw

The yardstick prints one JSON object with `total_ms`, bytes to descriptor. Ours is timed by `manage.py bench_pipeline`,
bytes to embedding, with the two threads that the site uses; dlib's code uses one. Both take the pictures that stand in
`LFW/pairs.txt`, evenly spaced. Each runs several times, one after the other, so that both meet the same load; the
medians are compared.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Run both and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dlib-python", type=Path, required=True, help="interpreter that has dlib")
    parser.add_argument("--dlib-models", type=Path, required=True, help="folder of dlib's networks")
    parser.add_argument("--yardstick", type=Path, required=True, help="script that times dlib")
    parser.add_argument("--lfw", type=Path, required=True, help="folder with pairs.txt and images/")
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()

    count = str(arguments.images)
    dlib: list[str | Path] = [
        arguments.dlib_python,
        arguments.yardstick,
        "--models",
        arguments.dlib_models,
        "--lfw",
        arguments.lfw,
    ]
    times: dict[str, list[float]] = {"dlib": [], "ours": []}
    with tempfile.TemporaryDirectory() as folder:
        link_pictures(arguments.lfw, Path(folder), arguments.images)
        ours: list[str | Path] = [
            sys.executable,
            ROOT / "manage.py",
            "bench_pipeline",
            "--data",
            folder,
            "--json",
        ]
        for _ in range(arguments.rounds):
            times["dlib"].append(total_ms([*dlib, "--images", count]))
            times["ours"].append(total_ms([*ours, "--images", count]))
    medians = {name: statistics.median(values) for name, values in times.items()}
    print(
        f"dlib {medians['dlib']:.1f} ms, ours {medians['ours']:.1f} ms a picture, medians of {arguments.rounds}"
    )
    print(json.dumps({**medians, "ratio": medians["dlib"] / medians["ours"], "rounds": times}))


def link_pictures(lfw: Path, folder: Path, count: int) -> None:
    """Put links to the pictures that the yardstick takes into a folder."""
    names = set()
    for line in (lfw / "pairs.txt").read_text().splitlines()[1:]:
        first, number, *rest = line.split()
        second, other = (first, rest[0]) if len(rest) == 1 else (rest[0], rest[1])
        names |= {f"{first}/{first}_{int(number):04d}.jpg", f"{second}/{second}_{int(other):04d}.jpg"}
    ordered = sorted(names)
    for name in ordered[:: max(1, len(ordered) // count)][:count]:
        (folder / Path(name).name).symlink_to((lfw / "images" / name).resolve())


def total_ms(command: list[str | Path]) -> float:
    """Run a benchmark and return the `total_ms` of its last line."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout.splitlines()[-1])["total_ms"])


if __name__ == "__main__":
    main()
