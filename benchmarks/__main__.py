"""Runs a benchmark, or without a name all that take a few minutes at most, each in a process of its own.

With `--all` instead of a name those too that take longer.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from benchmarks import report
from benchmarks.catalogue import BENCHMARKS, QUICK_MINUTES, Figures, load


def main(arguments: list[str]) -> int:
    name = arguments[0] if arguments and arguments[0] in BENCHMARKS else None
    options = parser_of(name).parse_args(arguments)
    figures = run(name, options) if name else run_many(listed(everything=options.all), options.out)
    if options.json:
        print(json.dumps(figures))
    return 0 if figures else 1


def parser_of(name: str | None) -> argparse.ArgumentParser:
    """Of one benchmark, or of the list of them."""
    benchmark = load(name) if name else None
    names = "\n".join(f"  {key:15} about {minutes} min" for key, minutes in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=(benchmark.__doc__ if benchmark else f"{__doc__}\n{names}"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="?", choices=BENCHMARKS, metavar="NAME")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument("--out", type=Path, default=report.DOCS, help="folder of JSON and plots")
    if benchmark:
        benchmark.arguments(parser)
    else:
        parser.add_argument("--all", action="store_true", help="every one, whatever it takes")
    return parser


def run(name: str, options: argparse.Namespace) -> Figures:
    benchmark = load(name)
    figures = benchmark.measure(options)
    print(f"{name}\n\n{benchmark.table(figures)}\n", flush=True)
    report.write(name, benchmark, figures, options.out)
    return {name: figures}


def listed(*, everything: bool) -> list[str]:
    """Those that are quick, or every one."""
    return [name for name, minutes in BENCHMARKS.items() if everything or minutes <= QUICK_MINUTES]


def run_many(names: list[str], out: Path) -> Figures:
    """One after the other; nothing is returned if one of them failed."""
    figures: Figures = {}
    for name in names:
        command = [sys.executable, "-m", "benchmarks", name, "--json", "--out", str(out)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, cwd=report.ROOT)
        *lines, last = done.stdout.splitlines() or [""]
        print("\n".join(lines), flush=True)
        figures |= json.loads(last) if done.returncode == 0 else {}
    if left_out := sorted(BENCHMARKS.keys() - names):
        print(f"Not run, for their length: {', '.join(left_out)}.")
    if failed := [name for name in names if name not in figures]:
        print(f"Failed: {', '.join(failed)}.")
    return {} if failed else figures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
