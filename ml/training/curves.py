"""A picture of how a training went."""

from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ml.training.history import History


def plot_losses(history: History, path: Path, *, title: str) -> None:
    """Draw the losses of training and validation over the epochs, and mark the best epoch, as PNG.

    Args:
        history: At least one epoch.
        path: Where to write.
        title: Stands above.
    """
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.add_subplot()
    numbers = range(1, len(history.epochs) + 1)
    axes.plot(numbers, [e.train_loss for e in history.epochs], marker="o", markersize=3, label="train")
    axes.plot(
        numbers, [e.validation_loss for e in history.epochs], marker="o", markersize=3, label="validation"
    )
    best = history.best + 1
    axes.axvline(best, color="0.6", linewidth=1, linestyle=":", label=f"best epoch, {best}")
    if history.test_loss is not None:
        axes.plot(best, history.test_loss, "k*", markersize=9, label=f"test, {history.test_loss:.4f}")
    axes.set(xlabel="Epoch", ylabel="Loss", title=title)
    axes.spines[["top", "right"]].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False)
    figure.savefig(path, dpi=160)
