"""One HTML file that holds all that an evaluation found: opened anywhere, sent anywhere, nothing else needed."""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

from ml.evaluation.tables import Table
from ml.serving.artifacts import Artifact

_PAGE = Template(Path(__file__).with_name("report.html").read_text())


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot for the report.

    Attributes:
        file: The SVG.
        words: What it shows, for those who cannot see it.
        wide: Whether it takes the page's whole width.
    """

    file: Path
    words: str
    wide: bool = False


def html_report(artifact: Artifact, *, summary: str, tables: Iterable[Table], plots: Sequence[Plot]) -> str:
    """Return the page: the model, the tables, the plots. The same input gives the same bytes.

    Args:
        artifact: What was measured.
        summary: One sentence on what was done.
        tables: In order.
        plots: Are put into the page as they are.
    """
    sections = [_section(table) for table in (*tables, _facts(artifact))]
    if plots:
        sections.insert(-1, f'<h2>Plots</h2>\n<div class="plots">\n{"".join(map(_figure, plots))}</div>')
    return _PAGE.substitute(
        title=escape(f"{artifact.name}: evaluation"), summary=escape(summary), body="\n".join(sections)
    )


def _facts(artifact: Artifact) -> Table:
    spec = artifact.input_spec
    rows = [
        ("Name", artifact.name),
        ("Digest of the manifest, SHA-256", artifact.digest),
        ("Network", artifact.network),
        ("Input", f"{' x '.join(map(str, spec.shape))}, (pixel - {spec.mean:g}) / {spec.scale:g}"),
        ("Embedding", f"{artifact.embedding_size} numbers"),
        ("Mirror image", "averaged in" if artifact.mirrored else "not used"),
        ("Comparator", artifact.comparator.name),
    ]
    rows += [
        (f"Threshold of {rule}, FMR {fmr:g}", ", ".join(f"{value:.4f}" for value in row))
        for rule, table in artifact.calibration.rules.items()
        for fmr, row in table.items()
    ]
    rows += [
        (f"Calibration: {name.replace('_', ' ')}", f"{value:,}" if isinstance(value, int) else str(value))
        for name, value in artifact.calibration.evidence.items()
    ]
    return Table("The model", "Thresholds are for 1, 2, ... anchors.", ("", ""), rows)


def _section(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.head)
    lines = "\n".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in table.rows
    )
    header = f"<table>\n<thead><tr>{head}</tr></thead>" if any(table.head) else '<table class="facts">'
    return (
        f"<h2>{escape(table.title)}</h2>\n<p>{escape(table.note)}</p>\n"
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(table.title)}">'
        f"{header}\n<tbody>\n{lines}\n</tbody></table></div>"
    )


def _figure(plot: Plot) -> str:
    data = base64.b64encode(plot.file.read_bytes()).decode()
    kind = ' class="wide"' if plot.wide else ""
    return f'<figure{kind}><img src="data:image/svg+xml;base64,{data}" alt="{escape(plot.words)}"></figure>\n'
