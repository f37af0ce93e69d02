"""A picture of how a training went."""

from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ml.evaluation.plot_style import COLOURS, INK, SIZE, dress, save, style
from ml.training.history import History


def plot_losses(history: History, path: Path, *, title: str) -> list[Path]:
    """Draw the losses of training and validation over the epochs, and mark the best epoch.

    Args:
        history: At least one epoch.
        path: Where to write; a suffix is replaced.
        title: Stands above.

    Returns:
        The files written: PNG and SVG.
    """
    with style():
        figure = Figure(figsize=SIZE, layout="constrained")
        axes = figure.add_subplot()
        numbers = range(1, len(history.epochs) + 1)
        losses = {
            "train": [epoch.train_loss for epoch in history.epochs],
            "validation": [epoch.validation_loss for epoch in history.epochs],
        }
        for (name, values), colour in zip(losses.items(), COLOURS, strict=False):
            axes.plot(numbers, values, "o-", color=colour, markersize=3, linewidth=2, label=name)
        best = history.best + 1
        axes.axvline(best, color=INK, linewidth=0.8, linestyle=":", label=f"best epoch, {best}")
        if history.test_loss is not None:
            label = f"test, {history.test_loss:.4f}"
            axes.plot(best, history.test_loss, "*", color=COLOURS[3], markersize=10, label=label)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        dress(axes, title=title, x="Epoch", y="Loss")
        axes.legend(frameon=False)
        return save(figure, path.with_suffix(""))
