"""What a figure shows, in words, for whoever does not see it: the alternative text of a notebook's picture."""

from matplotlib import pyplot
from matplotlib.figure import Figure


def describe(text: str, figure: Figure | None = None) -> None:
    """Give a figure its alternative text, which Jupyter stores with the picture and publishers put into the page.

    Args:
        text: what a reader should take from it, in a sentence or two. figure: the current one, if none is named.

    Raises:
        ValueError: when the text is too short to describe anything.

    >>> describe("Two bars; the second is twice as long as the first.", pyplot.figure())
    """
    if len(text.split()) < 4:
        raise ValueError(f"An alternative text says what the figure shows, in a sentence; {text!r} does not.")
    figure = figure or pyplot.gcf()
    figure.alternative_text = text
    _register()


def _register() -> None:
    """Let the notebook's PNG pictures of figures carry their text; outside a notebook nothing is done."""
    from IPython import get_ipython

    shell = get_ipython()
    if shell is not None:
        shell.display_formatter.formatters["image/png"].for_type(Figure, _png)


def _png(figure: Figure) -> str | tuple[str, dict[str, str]] | None:
    from IPython.core.pylabtools import print_figure

    data = print_figure(figure, "png", bbox_inches="tight")  # None for an empty figure
    text = getattr(figure, "alternative_text", None)
    return data if data is None or text is None else (data, {"alt": text})
