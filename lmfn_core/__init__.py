"""LMFN and its relatives, a module for each part. One way in: ``build(name)``; ``networks()`` lists the names."""

from lmfn_core.variants import build, networks

__all__ = ["build", "networks"]
__version__ = "0.1.0"
