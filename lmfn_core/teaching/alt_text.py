"""What a figure shows, in words, for whoever does not see it: the alternative text of a notebook's picture."""

import functools
from collections.abc import Callable

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
    """Let the notebook's pictures of figures carry their text; outside a notebook nothing is done."""
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        return
    formatters = shell.display_formatter.formatters
    drawn = formatters["image/jpeg"].type_printers.get(Figure)  # there after set_matplotlib_formats("jpeg")
    if drawn is None:
        formatters["image/png"].for_type(Figure, functools.partial(_described, _png))
    elif getattr(drawn, "func", None) is not _described:
        formatters["image/jpeg"].for_type(Figure, functools.partial(_described, drawn))


def _png(figure: Figure) -> bytes | None:
    from IPython.core.pylabtools import print_figure

    return print_figure(figure, "png", bbox_inches="tight")  # None for an empty figure


def _described(draw: Callable[[Figure], bytes | str | None], figure: Figure) -> object:
    """The picture, with its text where it has one."""
    data, text = draw(figure), getattr(figure, "alternative_text", None)
    return data if data is None or text is None else (data, {"alt": text})
