"""The manifest in prose, so that nobody has to read JSON to know what a model is and what it cannot do."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ml.evaluation.tables import tables_of
from ml.serving.artifacts import MANIFEST, Artifact
from ml.serving.calibration import Thresholds
from ml.siamese.rules import BEST_ANCHOR, SHARE_OF_ANCHORS, TEMPLATE_MEAN, VERIFICATION_SHARE

_INTRODUCTION = """A siamese twin for face verification: one network, `{network}`, embeds both faces; the {score} of the
two embeddings tells how alike they are."""
_SCORES = {"cosine": "cosine", "euclidean": "negated distance", "weighted_l1": "learned probability"}

_FIGURES = """Measured on Labeled Faces in the Wild, on which nothing was trained, chosen or calibrated, without the
quality gate. In brackets the 95 % interval by drawing people with replacement. The ten folds hold {pairs:,} pairs of
{subjects:,} people. Templates are the mean of a person's first pictures; {template_subjects:,} people have enough for
templates of 3, which makes {mated:,} mated and {non_mated:,} non-mated comparisons."""

_HELD_OUT = """Measured on {pairs:,} pairs, half of them mated, of {subjects:,} people of the training folder with
{images:,} pictures, whom neither learning nor stopping nor calibration has seen. In brackets the 95 % interval by
drawing people with replacement."""

_JUDGED = """Measured on {data}, with the rule `{rule}`, on whom neither learning nor calibration has seen: {subjects:,}
people, {mated:,} mated and {non_mated:,} non-mated comparisons. The target false match rate is {target_fmr:g}. In
brackets the 95 % interval by drawing people with replacement."""

_THRESHOLDS = """A probe matches from this score on, by decision rule, target false match rate and number of anchors.
The target is that of the whole decision, whatever the rule. The score is the {score} to the anchors' mean
(`template_mean`), to the nearest anchor (`best_anchor`), or to the last of the nearest {share:.0%}
(`share_of_anchors`).

{tables}

Set on: {data} ({subjects:,} people, {images:,} pictures, {non_mated:,} non-mated comparisons). {reach}"""
_BOUNDED = """Up to
{measured_anchors} anchors the thresholds are measured; beyond, they are bounded from above as
`ml/evaluation/calibration.py` explains."""
_MEASURED = "All of them are measured."
_KEPT = "What the thresholds keep on {subjects:,} other people:"

_LIMITS = """- It does not tell a live face from a photograph or a screen.
- The thresholds hold for people and pictures like those they were set on{people}.
  Children, close relatives and look-alikes match more often than the target rate says, and single groups of people
  have not been measured apart.
- Faces that are cut off by the picture's edge, tiny or blurred resemble each other. The quality gate refuses them,
  and the thresholds hold only behind that gate."""


def model_card(directory: Path) -> str:
    """Return the Markdown card of an artifact of any network; what its report does not hold is left out.

    Args:
        directory: The artifact's folder.

    Raises:
        ArtifactError: If the artifact is missing, altered or incompatible.
    """
    artifact = Artifact.load(directory)
    manifest = json.loads((directory / MANIFEST).read_text())
    score = _SCORES[artifact.comparator.name]
    parts = [
        f"# {artifact.name}",
        _INTRODUCTION.format(network=artifact.network, score=score),
        _table(("", ""), _facts(artifact, manifest)),
        *_figures_parts(artifact.report),
        *_threshold_parts(artifact, score),
        "## What it does not do",
        _LIMITS.format(people=": adults, web pictures of celebrities" if "lfw" in artifact.report else ""),
        "## Files",
        _table(("file", "bytes", "SHA-256"), _files(artifact, manifest)),
    ]
    return "\n\n".join(parts) + "\n"


def _facts(artifact: Artifact, manifest: dict[str, Any]) -> list[tuple[str, str]]:
    spec = artifact.input_spec
    size = " x ".join(str(n) for n in spec.shape)
    colours = "gray" if spec.channels == 1 else "RGB"
    length = ", unit length" if artifact.comparator.unit_length else ""
    return [
        (
            "Input",
            f"{size}, {colours}, aligned on eyes, nose and mouth, (pixel - {spec.mean:g}) / {spec.scale:g}",
        ),
        ("Output", f"{artifact.embedding_size} numbers{length}, float32"),
        ("Mirror image", "its embedding is averaged in" if artifact.mirrored else "not used"),
        *_origin(manifest),
        ("LiteRT against Keras, lowest cosine", _parity(manifest.get("parity", {}))),
    ]


def _origin(manifest: dict[str, Any]) -> list[tuple[str, str]]:
    """Where the weights come from: published ones, a training here, or both."""
    rows = []
    if base := manifest.get("base"):
        rows += [
            ("Base", "MobileFaceNet (Chen et al., 2018), trained by sirius-ai on MS1M (Apache-2.0)"),
            ("Source", f"npm `{base['package']}` {base['version']} ({base['licence']})"),
        ]
    if training := manifest.get("training"):
        options = ", ".join(
            f"{name.replace('_', ' ')} {value}" for name, value in training["options"].items()
        )
        people = ", ".join(f"{count:,} to {part}" for part, count in training["subjects"].items())
        return [
            *rows,
            ("Loss", training["loss"].replace("_", " ")),
            ("Training", options),
            ("People", people),
            ("Made by", "`manage.py train_model`"),
        ]
    return [
        *rows,
        ("Fine-tuning", "none: the base weights as published"),
        ("Made by", "`python -m scripts.build_model`"),
    ]


def _parity(parity: dict[str, float]) -> str:
    forms = {"float32": "float32", "float16": "float16 weights"}
    return ", ".join(f"{forms[name]} {value}" for name, value in parity.items()) or "not measured"


def _figures_parts(report: dict[str, Any]) -> list[str]:
    parts = []
    if "lfw" in report:
        parts += [_figures_text(report), _table(("", ""), _figures(report))]
    if f"templates_3_{BEST_ANCHOR}" in report:
        head = ("rule", "FNMR at FMR 0.001", "FNMR at FMR 0.0001", "shipped threshold", "there")
        parts += ["How the anchors decide, with 3 of them:", _table(head, _rules(report))]
    if "test" in report:
        parts += [_HELD_OUT.format(**report["test"]), _table(("", ""), _held_out(report["test"]))]
    if judged := report.get("judged"):
        parts += [_JUDGED.format(**judged), _table(("", ""), _judged(judged))]
    if "conditions" in report:
        for table in tables_of(report["conditions"]):
            parts += [f"### {table.title}", table.note, _table(table.head, table.rows)]
    return ["## Figures", *parts] if parts else []


def _held_out(test: dict[str, Any]) -> list[tuple[str, str]]:
    names = {"auc": "Area under the ROC", "eer": "EER"}
    rows = []
    for key, found in test.items():
        if isinstance(found, dict):
            name = names.get(key, key.replace("tar_at_fmr_", "TAR at FMR "))
            rows.append((name, _share(found["value"], found["interval"])))
    return rows


def _judged(judged: dict[str, Any]) -> list[tuple[str, str]]:
    names = {
        "fmr": f"FMR at the threshold {judged['threshold']:.4f}",
        "fnmr": "FNMR there",
        "fnmr_at_fmr": f"FNMR at FMR {judged['target_fmr']:g}",
    }
    return [(name, _share(judged[key]["value"], judged[key]["interval"])) for key, name in names.items()]


def _threshold_parts(artifact: Artifact, score: str) -> list[str]:
    rules = {rule: rows for rule, rows in artifact.calibration.rules.items() if rows}
    if not rules:
        return ["## Thresholds", "None: the model has not been calibrated."]
    evidence = artifact.calibration.evidence
    longest = max(len(row) for rows in rules.values() for row in rows.values())
    reach = _BOUNDED.format(**evidence) if longest > evidence["measured_anchors"] else _MEASURED
    tables = "\n\n".join(_threshold_table(rule, rows) for rule, rows in rules.items())
    text = _THRESHOLDS.format(score=score, share=VERIFICATION_SHARE, tables=tables, reach=reach, **evidence)
    parts = ["## Thresholds", text]
    if kept := artifact.report.get("train"):
        head = ("rule", "target FMR", "anchors", "measured FMR")
        parts += [_KEPT.format(subjects=kept["subjects"]), _table(head, _kept(kept))]
    return parts


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
        threshold, rates = _at_shipped(found, "g")
        rows.append((f"{name}: at the shipped {threshold}", rates))
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
        fnmr = [
            _share(value, figures["fnmr_at_fmr_interval"][fmr])
            for fmr, value in figures["fnmr_at_fmr"].items()
        ]
        rows.append((f"`{rule}`", *fnmr, *_at_shipped(figures, ".4f")))
    return rows


def _at_shipped(figures: dict[str, Any], form: str) -> tuple[str, str]:
    """The shipped threshold and the rates there."""
    at = figures["shipped_threshold"]
    if at is None:
        return "none", ""
    return format(at["threshold"], form), f"FMR {at['fmr']:.1e}, FNMR {at['fnmr']:.2%}"


def _threshold_table(rule: str, rows: Thresholds) -> str:
    longest = max(len(row) for row in rows.values())
    return _table(
        (f"`{rule}`, FMR", *map(str, range(1, longest + 1))),
        [
            (f"{fmr:g}", *(f"{value:.4f}" for value in row), *[""] * (longest - len(row)))
            for fmr, row in rows.items()
        ],
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
        *(
            (f"base `{name}`", "", f"`{digest}`")
            for name, digest in manifest.get("base", {}).get("sha256", {}).items()
        ),
    ]


def _share(value: float, interval: Sequence[float]) -> str:
    return f"{value:.2%} ({interval[0]:.2%} to {interval[1]:.2%})"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
