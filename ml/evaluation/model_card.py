"""The manifest in prose, so that nobody has to read JSON to know what a model is and what it cannot do."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ml.serving.artifacts import MANIFEST, Artifact
from ml.serving.calibration import Thresholds
from ml.siamese.rules import BEST_ANCHOR, SHARE_OF_ANCHORS, TEMPLATE_MEAN, VERIFICATION_SHARE

_INTRODUCTION = """A siamese twin for face verification: one network, `{network}`, embeds both faces; the cosine of the
two embeddings tells how alike they are."""

_FIGURES = """Measured on Labeled Faces in the Wild, on which nothing was trained, chosen or calibrated, without the
quality gate. In brackets the 95 % interval by drawing people with replacement. The ten folds hold {pairs:,} pairs of
{subjects:,} people. Templates are the mean of a person's first pictures; {template_subjects:,} people have enough for
templates of 3, which makes {mated:,} mated and {non_mated:,} non-mated comparisons."""

_THRESHOLDS = """A probe matches from this score on, by decision rule, target false match rate and number of anchors.
The target is that of the whole decision, whatever the rule. The score is the cosine to the anchors' mean
(`template_mean`), to the nearest anchor (`best_anchor`), or to the last of the nearest {share:.0%}
(`share_of_anchors`).

{tables}

Set on: {data} ({subjects:,} people, {images:,} pictures, {non_mated:,} non-mated comparisons). Up to
{measured_anchors} anchors the thresholds are measured; beyond, they are bounded from above as
`ml/evaluation/calibration.py` explains.

What the thresholds keep on {other_subjects:,} other people:"""

_LIMITS = """- It does not tell a live face from a photograph or a screen.
- The thresholds hold for people and pictures like those they were set on: adults, web pictures of celebrities.
  Children, close relatives and look-alikes match more often than the target rate says, and single groups of people
  have not been measured apart.
- Faces that are cut off by the picture's edge, tiny or blurred resemble each other. The quality gate refuses them,
  and the thresholds hold only behind that gate."""


def model_card(directory: Path) -> str:
    """Return the Markdown card of an artifact that has been calibrated and evaluated."""
    artifact = Artifact.load(directory)
    manifest = json.loads((directory / MANIFEST).read_text())
    parts = (
        f"# {artifact.name}",
        _INTRODUCTION.format(network=artifact.network),
        _table(("", ""), _facts(artifact, manifest)),
        "## Figures",
        _figures_text(artifact.report),
        _table(("", ""), _figures(artifact.report)),
        "How the anchors decide, with 3 of them:",
        _table(
            ("rule", "FNMR at FMR 0.001", "FNMR at FMR 0.0001", "shipped threshold", "there"),
            _rules(artifact.report),
        ),
        "## Thresholds",
        _thresholds_text(artifact),
        _table(("rule", "target FMR", "anchors", "measured FMR"), _kept(artifact.report["train"])),
        "## What it does not do",
        _LIMITS,
        "## Files",
        _table(("file", "bytes", "SHA-256"), _files(artifact, manifest)),
    )
    return "\n\n".join(parts) + "\n"


def _facts(artifact: Artifact, manifest: dict[str, Any]) -> list[tuple[str, str]]:
    base, parity, spec = manifest["base"], manifest["parity"], artifact.input_spec
    size = " x ".join(str(n) for n in spec.shape)
    return [
        ("Input", f"{size}, RGB, aligned on eyes, nose and mouth, (pixel - {spec.mean:g}) / {spec.scale:g}"),
        ("Output", f"{artifact.embedding_size} numbers, unit length, float32"),
        ("Mirror image", "its embedding is averaged in" if artifact.mirrored else "not used"),
        ("Base", "MobileFaceNet (Chen et al., 2018), trained by sirius-ai on MS1M (Apache-2.0)"),
        ("Source", f"npm `{base['package']}` {base['version']} ({base['licence']})"),
        ("Fine-tuning", "none: the base weights as published"),
        ("Made by", "`python -m scripts.build_model`"),
        (
            "LiteRT against Keras, lowest cosine",
            f"float32 {parity['float32']}, float16 weights {parity['float16']}",
        ),
    ]


def _figures_text(report: dict[str, Any]) -> str:
    lfw, three = report["lfw"], report["templates_3"]
    return _FIGURES.format(
        pairs=lfw["pairs"],
        subjects=lfw["subjects"],
        template_subjects=three["subjects"],
        mated=three["mated"],
        non_mated=three["non_mated"],
    )


def _figures(report: dict[str, Any]) -> list[tuple[str, str]]:
    lfw = report["lfw"]
    rows = [("Ten folds: accuracy", f"{lfw['accuracy']:.2%}, deviation over folds {lfw['deviation']:.2%}")]
    for fmr, tar in lfw["tar_at_fmr"].items():
        rows.append((f"Pairs: TAR at FMR {fmr}", _share(tar, lfw["tar_at_fmr_interval"][fmr])))
    rows.append(("Pairs: EER", _share(lfw["eer"], lfw["eer_interval"])))
    rows.append(("Pictures without a face found (FTE)", f"{lfw['fte']:.3%} of {lfw['images']:,}"))
    for anchors in (1, 3):
        found = report[f"templates_{anchors}"]
        name = f"Templates of {anchors}"
        for fmr, fnmr in found["fnmr_at_fmr"].items():
            rows.append((f"{name}: FNMR at FMR {fmr}", _share(fnmr, found["fnmr_at_fmr_interval"][fmr])))
        at = found["shipped_threshold"]
        rows.append(
            (f"{name}: at the shipped {at['threshold']:g}", f"FMR {at['fmr']:.1e}, FNMR {at['fnmr']:.2%}")
        )
    return rows


def _rules(report: dict[str, Any]) -> list[tuple[str, ...]]:
    """The three rules with 3 anchors, one line each."""
    found = {
        TEMPLATE_MEAN: report["templates_3"],
        BEST_ANCHOR: report[f"templates_3_{BEST_ANCHOR}"],
        SHARE_OF_ANCHORS: report[f"templates_3_{SHARE_OF_ANCHORS}"],
    }
    rows = []
    for rule, figures in found.items():
        at = figures["shipped_threshold"]
        fnmr = [
            _share(value, figures["fnmr_at_fmr_interval"][fmr])
            for fmr, value in figures["fnmr_at_fmr"].items()
        ]
        rows.append(
            (f"`{rule}`", *fnmr, f"{at['threshold']:.4f}", f"FMR {at['fmr']:.1e}, FNMR {at['fnmr']:.2%}")
        )
    return rows


def _thresholds_text(artifact: Artifact) -> str:
    tables = "\n\n".join(_threshold_table(rule, rows) for rule, rows in artifact.calibration.rules.items())
    other = artifact.report["train"]["subjects"]
    return _THRESHOLDS.format(
        tables=tables, other_subjects=other, share=VERIFICATION_SHARE, **artifact.calibration.evidence
    )


def _threshold_table(rule: str, rows: Thresholds) -> str:
    anchors = range(1, len(next(iter(rows.values()))) + 1)
    return _table(
        (f"`{rule}`, FMR", *map(str, anchors)),
        [(f"{fmr:g}", *(f"{value:.4f}" for value in row)) for fmr, row in rows.items()],
    )


def _kept(report: dict[str, Any]) -> list[tuple[str, ...]]:
    return [
        (
            f"`{row['rule']}`",
            f"{row['target']:g}",
            str(row["anchors"]),
            f"{row['fmr']:.2e} ({row['low']:.1e} to {row['high']:.1e})",
        )
        for row in report["fmr_kept"]
    ]


def _files(artifact: Artifact, manifest: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (f"`{MANIFEST}`", "", f"`{artifact.digest}`"),
        *(
            (f"`{name}`", f"{facts['bytes']:,}", f"`{facts['sha256']}`")
            for name, facts in manifest["files"].items()
        ),
        *((f"base `{name}`", "", f"`{digest}`") for name, digest in manifest["base"]["sha256"].items()),
    ]


def _share(value: float, interval: Sequence[float]) -> str:
    return f"{value:.2%} ({interval[0]:.2%} to {interval[1]:.2%})"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
