"""The manifest in prose, so that nobody has to read JSON to know what a model is and what it cannot do."""

import json
from pathlib import Path
from typing import Any

from ml.serving.artifacts import MANIFEST, Artifact


def model_card(directory: Path) -> str:
    """Return the Markdown card of an artifact that has been calibrated and evaluated."""
    artifact = Artifact.load(directory)
    manifest = json.loads((directory / MANIFEST).read_text())
    parts = [_what(artifact, manifest), _figures(artifact.report), _thresholds(artifact), _limits(), _files(artifact, manifest)]
    return "\n".join(parts)


def _what(artifact: Artifact, manifest: dict[str, Any]) -> str:
    base = manifest["base"]
    spec = artifact.input_spec
    return f"""# {artifact.name}

A siamese twin for face verification: one network, `{artifact.network}`, embeds both faces; the cosine of the two
embeddings tells how alike they are.

| | |
|---|---|
| Input | {spec.height} x {spec.width} x {spec.channels} RGB face aligned on eyes, nose and mouth; (pixel - {spec.mean:g}) / {spec.scale:g} |
| Output | {artifact.embedding_size} numbers, unit length; mean of the face's and its mirror image's: {"yes" if artifact.mirrored else "no"} |
| Base | MobileFaceNet (Chen et al., 2018), trained by sirius-ai on MS1M (Apache-2.0) |
| Source | npm `{base["package"]}` {base["version"]} ({base["licence"]}) |
| Fine-tuning | none: the base weights as published, batch norms folded |
| Made by | `scripts/build_model.py` |
| Parity | lowest cosine of LiteRT and Keras embeddings: float32 {manifest["parity"]["float32"]}, float16 weights {manifest["parity"]["float16"]} |
"""


def _figures(report: dict[str, Any]) -> str:
    lfw = report["lfw"]
    rows = [
        ("LFW, ten folds: accuracy", f"{lfw['accuracy']:.2%} ± {lfw['deviation']:.2%} (deviation over folds)"),
        *((f"LFW: TAR at FMR {fmr}", _with_interval(tar, lfw["tar_at_fmr_interval"][fmr])) for fmr, tar in lfw["tar_at_fmr"].items()),
        ("LFW: EER", _with_interval(lfw["eer"], lfw["eer_interval"])),
        ("LFW: pictures without a face found", f"{lfw['fte']:.3%} of {lfw['images']:,}"),
    ]
    for anchors in (1, 3):
        found = report[f"templates_{anchors}"]
        for fmr, fnmr in found["fnmr_at_fmr"].items():
            rows.append((f"Templates of {anchors}: FNMR at FMR {fmr}", _with_interval(fnmr, found["fnmr_at_fmr_interval"][fmr])))
        shipped = found["shipped_threshold"]
        rows.append((
            f"Templates of {anchors}: at the shipped threshold {shipped['threshold']}",
            f"FMR {shipped['fmr']:.1e}, FNMR {shipped['fnmr']:.2%}",
        ))
    three = report["templates_3"]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return f"""## Figures

On Labeled Faces in the Wild, on which nothing was trained, chosen or calibrated; without the quality gate. In brackets
the 95 % interval by drawing people with replacement. Ten folds: {lfw["pairs"]:,} pairs of {lfw["subjects"]:,} people.
Templates of 3: {three["subjects"]:,} people, {three["mated"]:,} mated and {three["non_mated"]:,} non-mated comparisons.

| | |
|---|---|
{table}
"""


def _thresholds(artifact: Artifact) -> str:
    calibration = artifact.calibration
    evidence = calibration.evidence
    anchors = len(next(iter(calibration.thresholds.values())))
    head = "| FMR | " + " | ".join(str(k) for k in range(1, anchors + 1)) + " |"
    rows = [
        f"| {fmr:g} | " + " | ".join(f"{value:.4f}" for value in row) + " |" for fmr, row in calibration.thresholds.items()
    ]
    held_out = artifact.report["train"]
    kept = [
        f"| {key.split('/')[0]} | {key.split('/')[1]} | {found['fmr']:.2e} ({found['interval'][0]:.1e} to {found['interval'][1]:.1e}) |"
        for key, found in held_out["fmr_at_target/anchors"].items()
    ]
    return "\n".join([
        "## Thresholds",
        "",
        "A probe matches from this cosine on, by target false match rate and number of anchors:",
        "",
        head,
        "|---" * (anchors + 1) + "|",
        *rows,
        "",
        f"Set on {evidence['data']}: {evidence['subjects']:,} people, {evidence['images']:,} pictures,",
        f"{evidence['non_mated']:,} non-mated comparisons. Up to {evidence['measured_anchors']} anchors they are measured; beyond, bounded from above as",
        "`ml/evaluation/calibration.py` explains: more anchors raise the similarity to strangers, so a threshold never falls.",
        "",
        f"What they keep on the other half, {held_out['subjects']:,} other people:",
        "",
        "| target FMR | anchors | measured FMR (95 % interval) |",
        "|---|---|---|",
        *kept,
        "",
    ])


def _limits() -> str:
    return """## What it does not do

- It does not tell a live face from a photograph or a screen.
- The thresholds hold for adults of the kind that web pictures of celebrities show. Children, close relatives and look-alikes
  match more often than the target rate says; nobody has measured it here for single groups of people.
- Faces that are cut off by the picture's edge, tiny or blurred resemble each other. The quality gate refuses them, and
  the thresholds hold only behind that gate.
"""


def _files(artifact: Artifact, manifest: dict[str, Any]) -> str:
    rows = [f"| `{name}` | {facts['bytes']:,} | `{facts['sha256']}` |" for name, facts in manifest["files"].items()]
    base = [f"| base `{name}` | | `{digest}` |" for name, digest in manifest["base"]["sha256"].items()]
    return "\n".join([
        "## Files",
        "",
        "| file | bytes | SHA-256 |",
        "|---|---|---|",
        f"| `{MANIFEST}` | | `{artifact.digest}` |",
        *rows,
        *base,
        "",
    ])
