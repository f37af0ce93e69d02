"""Where figures go: a JSON file, a plot, and the table in the docs."""

import json
import os
import platform
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.catalogue import Benchmark, Figures
from ml.evaluation import plot_style

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs" / "benchmarks"


def markdown(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table whose columns of numbers stand to the right."""
    cells = [[str(cell) for cell in row] for row in rows]
    numbers = [all(cell[:1].isdigit() for cell in column if cell) for column in zip(*cells, strict=True)]
    lines = [header, ["--:" if right else "---" for right in numbers], *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write(name: str, benchmark: Benchmark, figures: Figures, out: Path) -> None:
    """Writes NAME.json and NAME.svg; the published ones change the page beside their folder, too."""
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{name}.json").write_text(json.dumps({name: figures, "machine": machine()}, indent=1) + "\n")
    with plot_style.style(), mpl.rc_context({"svg.fonttype": "none"}):
        figure = Figure(figsize=plot_style.SIZE, layout="constrained")
        benchmark.draw(figures, figure)
        figure.savefig(out / f"{name}.svg", metadata={"Date": None})
    page = out.with_suffix(".md")
    if page.is_file():
        page.write_text(with_table(page.read_text(), name, benchmark.table(figures)))


def with_table(page: str, name: str, table: str) -> str:
    """The page with the table between the marks of that name; without the marks, the page as it is."""
    marks = re.compile(rf"(?<=<!-- {name} -->\n\n).*?(?=\n\n<!-- /{name} -->)", re.DOTALL)
    return marks.sub(lambda _: table, page)


def machine() -> dict[str, object]:
    """What the figures were measured on, and when."""
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return {
        "processor": found[1] if found else platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "measured": datetime.now(UTC).date().isoformat(),
    }
