"""LMFN, LFDN and their relatives, a module for each part. One way in: ``build(name)``; ``networks()`` lists the names.

``LMFN.from_pretrained()`` comes with trained weights.
"""

from lmfn_core.lfdn import LFDN
from lmfn_core.lmfn import LMFN
from lmfn_core.variants import build, networks

__all__ = ["LFDN", "LMFN", "build", "networks"]
__version__ = "0.1.0"
