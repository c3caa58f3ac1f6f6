"""LMFN, LFDN and their relatives, a module for each part. One way in: ``build(name)``; ``networks()`` lists the names.

``LMFN.from_pretrained()`` comes with trained weights; ``restore(photograph)`` uses them.
"""

from lmfn_core.models.lfdn import LFDN
from lmfn_core.models.lmfn import LMFN
from lmfn_core.models.variants import build, networks

__all__ = ["LFDN", "LMFN", "build", "networks", "restore"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """``restore`` when it is asked for: it needs codecs that a network does not."""
    if name != "restore":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from lmfn_core.restoring.restoration import restore

    return restore
