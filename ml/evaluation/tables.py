"""The figures of a protocol as tables in plain words, for the terminal, the HTML report and the model card."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml.evaluation.metrics import ErrorCurve

_TARGETS = (1e-1, 1e-2, 1e-3, 1e-4)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts.

    Attributes:
        title: Stands above.
        note: What the figures rest on and how to read them.
        head: Names of the columns.
        rows: As long as the head.
    """

    title: str
    note: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def tables_of(figures: Mapping[str, Any]) -> list[Table]:
    """Return the tables of what a protocol found; which one, the figures say."""
    return _WRITERS[figures["protocol"]](figures)


def threshold_table(curve: ErrorCurve, shipped: float | None) -> Table:
    """Return what several thresholds would mean for strangers and for people, by the curve.

    Args:
        curve: Measured.
        shipped: The model's own threshold; None if it has none.
    """
    rows = [(f"FMR {target:g}", curve.threshold_at_fmr(target)) for target in _TARGETS]
    if shipped is not None:
        rows.append(("shipped", shipped))
    return Table(
        "What a threshold means",
        "A probe matches from the threshold on. Except for the shipped one, each threshold is the lowest that keeps "
        "the FMR on this very data: it describes the data and is nothing to install.",
        ("chosen for", "threshold", "FMR", "FNMR", "in words"),
        [(name, _number(value), *_at(curve, value)) for name, value in rows],
    )


def one_in(rate: float) -> str:
    """Say a rate in words: 0.00012 is `about 1 in 8,300`."""
    if rate <= 0:
        return "none"
    count = 1 / rate
    digits = 10 ** max(0, len(str(int(count))) - 2)
    return f"about 1 in {round(count / digits) * digits:,.0f}" if count >= 2 else f"{rate:.0%}"


def _at(curve: ErrorCurve, threshold: float) -> tuple[str, str, str]:
    fmr, fnmr = curve.at_threshold(threshold)
    words = f"strangers let in: {one_in(fmr)}; people turned away: {one_in(fnmr)}"
    return f"{fmr:.1e}" if fmr else "0", f"{fnmr:.2%}", words


def _lfw(figures: Mapping[str, Any]) -> list[Table]:
    rows = [
        ("Accuracy over ten folds", f"{figures['accuracy']:.2%}, deviation {figures['deviation']:.2%}"),
        *_tar(figures),
        ("Equal error rate", _share(figures["eer"], figures["eer_interval"])),
        ("Pictures without a face found", f"{figures['fte']:.3%} of {figures['images']:,}"),
    ]
    note = (
        f"{figures['pairs']:,} pairs of {figures['subjects']:,} people; the threshold of each fold is set on the other "
        "nine. In brackets the 95 % interval by drawing people with replacement."
    )
    return [Table("Labeled Faces in the Wild, official pairs", note, ("", ""), rows)]


def _templates(figures: Mapping[str, Any]) -> list[Table]:
    intervals = figures["fnmr_at_fmr_interval"]
    rows = [
        (f"FNMR at FMR {fmr}", _share(fnmr, intervals[fmr])) for fmr, fnmr in figures["fnmr_at_fmr"].items()
    ]
    shipped = figures["shipped_threshold"]
    if shipped:
        rows.append(
            (
                f"At the shipped {shipped['threshold']:g}",
                f"FMR {shipped['fmr']:.1e}, FNMR {shipped['fnmr']:.2%}",
            )
        )
    rows += [
        ("Equal error rate", f"{figures['eer']:.2%}"),
        ("Pictures without a face found", f"{figures['fte']:.3%} of {figures['images']:,}"),
    ]
    note = (
        f"Templates of {figures['anchors']} anchors, decided by {figures['rule']}: {figures['subjects']:,} people, "
        f"{figures['mated']:,} mated and {figures['non_mated']:,} non-mated comparisons. In brackets the 95 % interval "
        "by drawing people with replacement."
    )
    return [Table("Templates against probes", note, ("", ""), rows)]


def _pairs(figures: Mapping[str, Any]) -> list[Table]:
    rows = [
        ("Threshold", f"{_number(figures['threshold'])}, from {figures['threshold_from']}"),
        ("Pairs decided rightly", f"{figures['accuracy']:.2%}"),
        ("FMR, strangers let in", _share(figures["fmr"], figures["fmr_interval"])),
        ("FNMR, people turned away", _share(figures["fnmr"], figures["fnmr_interval"])),
        *_tar(figures),
        ("Equal error rate", _share(figures["eer"], figures["eer_interval"])),
        (
            "Area under the ROC",
            f"{figures['auc']:.4f} ({' to '.join(f'{x:.4f}' for x in figures['auc_interval'])})",
        ),
        ("Pictures without a face found", f"{figures['fte']:.3%} of {figures['images']:,}"),
    ]
    note = (
        f"{figures['mated']:,} mated and {figures['non_mated']:,} non-mated pairs of {figures['subjects']:,} people, "
        f"of {figures['listed_pairs']:,} pairs of {figures['listed_subjects']:,} people listed. In brackets the 95 % "
        "interval by drawing people with replacement."
    )
    tables = [Table("Pairs of a list", note, ("", ""), rows)]
    return [*tables, _probability(figures["probability"])] if "probability" in figures else tables


def _probability(found: Mapping[str, Any]) -> Table:
    return Table(
        "Probability behind a score",
        f"P(same) = 1 / (1 + exp(-({found['slope']:.4g} s {found['intercept']:+.4g}))) at even odds, fitted on half "
        f"of the people and judged on the others: Brier score {found['brier']:.4f} (0 is perfect, 0.25 is a coin).",
        ("probability stated", "share that shows one person", "pairs"),
        [
            (f"{row['probability']:.2f}", f"{row['mated_share']:.2f}", f"{row['comparisons']:,}")
            for row in found["reliability"]
        ],
    )


def _conditions(figures: Mapping[str, Any]) -> list[Table]:
    rows = [
        (
            row["kind"] if row["kind"] == row["name"] else f"{row['kind']}: {row['name']}",
            *_rates(row["open"]),
            "" if row.get("refused") is None else f"{row['refused']:.1%}",
            *(_rates(row["gated"]) if "gated" in row else ("", "")),
            _behind(row.get("gated") or row["open"]),
        )
        for row in figures["rows"]
    ]
    note = (
        f"At the shipped threshold {figures['threshold']:g} for {figures['anchors']} anchors, rule {figures['rule']}: "
        f"{figures['subjects']:,} people enrolled with pictures as they are, {figures['strangers']:,} strangers. In "
        "brackets the 95 % interval by drawing people with replacement; without any error up to 3 / n. Refused: by the "
        "quality gate of verification, pictures without a face among them. People and strangers are those behind the "
        "rates with the gate."
    )
    head = (
        "probe",
        "FMR, all",
        "FNMR, all",
        "refused",
        "FMR, with gate",
        "FNMR, with gate",
        "people, strangers",
    )
    return [Table("By condition of the picture", note, head, rows), _limits(figures["must_hold"])]


def _limits(held: Sequence[Mapping[str, Any]]) -> Table:
    rows = [
        (
            f"{row['kind']}: {row['name']}",
            "nobody passes the gate" if row["fmr"] is None else _small(row["fmr"], row["fmr_interval"]),
            f"{row['limit']:g}",
            "yes" if row["holds"] else "NO",
        )
        for row in held
    ]
    note = "The worst faces that the gate lets through must not raise the FMR of 1e-4 further than this."
    return Table("Limits", note, ("probe", "FMR, with gate", "limit", "holds"), rows)


def _rates(found: Mapping[str, Any]) -> tuple[str, str]:
    fmr, fnmr = found["fmr"], found["fnmr"]
    return (
        "" if fmr is None else _small(fmr, found["fmr_interval"]),
        "" if fnmr is None else _share(fnmr, found["fnmr_interval"]),
    )


def _behind(found: Mapping[str, Any]) -> str:
    return f"{found['people']:,}, {found['strangers']:,}"


def _tar(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    intervals = figures["tar_at_fmr_interval"]
    return [(f"TAR at FMR {fmr}", _share(tar, intervals[fmr])) for fmr, tar in figures["tar_at_fmr"].items()]


def _share(value: float, interval: Sequence[float]) -> str:
    low, high = (f"{100 * end:.2f}" for end in interval)
    return f"{value:.2%} ({low} to {high})"


def _small(value: float, interval: Sequence[float]) -> str:
    low, high = (f"{end:.0e}" if end else "0" for end in interval)
    return f"{value:.1e} ({low} to {high})" if value else f"0 ({low} to {high})"


def _number(value: float) -> str:
    return f"{value:.4f}"


_WRITERS: dict[str, Callable[[Mapping[str, Any]], list[Table]]] = {
    "lfw": _lfw,
    "pairs": _pairs,
    "templates": _templates,
    "conditions": _conditions,
}
