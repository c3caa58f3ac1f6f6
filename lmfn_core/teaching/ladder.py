"""A ladder: forms of one computation, from plain to fast, under the same check and the same clock."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from lmfn_core.measures.timing import latency


def ladder(
    forms: Mapping[str, Callable[..., Tensor]], *inputs: object, repeats: int = 5, tolerance: float = 1e-5
) -> None:
    """Print how long each form takes, after making sure that all give what the first one gives.

    Args:
        forms: name to a function of ``inputs``. repeats: rounds of the clock.
        tolerance: greatest difference that rounding may make, absolute and relative.

    Raises:
        ValueError: when a form gives another shape or other numbers than the first.

    >>> ladder({"sum": torch.sum, "dot": lambda x: x @ torch.ones(3)}, torch.ones(3))  # doctest: +ELLIPSIS
    sum            ... ms ... 1.0 times the first
    dot            ... ms ... times the first, equal to it
    """
    with torch.no_grad():
        results = {name: form(*inputs) for name, form in forms.items()}
        first, wanted = next(iter(results.items()))
        for name, result in results.items():
            if result.shape != wanted.shape:
                raise ValueError(f"{name} gives {tuple(result.shape)}, {first} gives {tuple(wanted.shape)}.")
            if not torch.allclose(result, wanted, rtol=tolerance, atol=tolerance):
                raise ValueError(f"{name} differs from {first} by up to {(result - wanted).abs().max():.1e}.")
        clock = latency({name: lambda form=form: form(*inputs) for name, form in forms.items()}, repeats, warmup=1)
    width = max(14, *map(len, forms))
    for name, timed in clock.items():
        equal = "" if name == first else ", equal to it"
        print(f"{name:{width}} {1e3 * timed.median:9.3f} ms {timed.ratio:8.1f} times the first{equal}")
