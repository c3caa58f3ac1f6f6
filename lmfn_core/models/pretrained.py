"""Trained weights by name: those inside the package, a folder's, or a hub's.

A set of weights is one safetensors file; the card in its header says how the network is built and where the weights
come from. Beside it lie the same card for people and machines (``.json``) and the model card (``.md``).
"""

import difflib
from collections.abc import Mapping
from pathlib import Path

from huggingface_hub import ModelHubMixin, hf_hub_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OfflineModeIsEnabled
from torch import nn

WEIGHTS = Path(__file__).parents[1] / "weights"
"""Folder of the weights that come with the package."""
FILE = "model.safetensors"
"""What the weights are called in a folder of ``save_pretrained`` and on a hub."""


def shipped() -> list[str]:
    """Names of the weights that come with the package.

    >>> "lmfn" in shipped()
    True
    """
    return sorted(path.stem for path in WEIGHTS.glob("*.safetensors"))


class Pretrained(
    ModelHubMixin,
    library_name="lmfn-core",
    license="mit",
    pipeline_tag="image-to-image",
    paper_url="https://arxiv.org/abs/2101.05403",
    tags=["deblurring", "image-restoration"],
):
    """Gives a network ``from_pretrained``, ``save_pretrained`` and ``push_to_hub``.

    >>> from lmfn_core import LMFN
    >>> LMFN.from_pretrained("lmfn").card["network"]
    'lmfn'
    """

    own_weights: str | None = None  # which of ``shipped()`` the class takes where no name is given
    card: Mapping[str, object] = {}  # how the network is built (``network``, ``settings``), and its training if any

    @classmethod
    def from_pretrained(cls, name: str | Path | None = None, **options: object) -> nn.Module:
        """A network with trained weights, in eval mode, float32, on the CPU.

        Args:
            name: one of ``shipped()``, read from the package without a network connection; a folder written by
                ``save_pretrained``; or a hub's ``user/name``. None: the class's own, "lmfn" for ``LMFN``.
            options: for a hub: ``revision``, ``token``, ``cache_dir``, ``local_files_only``, ``force_download``.

        Raises:
            ValueError: when there are no such weights, or they belong to another kind of network.
            OSError: when a hub does not answer or has no such weights.
        """
        name = name or cls.own_weights
        if name is None:
            raise ValueError(f"No weights of {cls.__name__} come with the package: give a folder that save_pretrained "
                             f"wrote, or a hub's 'user/name'.")  # fmt: skip
        if str(name) in shipped():
            return cls._of(name)
        if not Path(name).is_dir() and str(name).count("/") != 1:
            close = difflib.get_close_matches(str(name), shipped(), n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ValueError(f"There are no weights {str(name)!r}.{hint} Give one of {', '.join(shipped())}, a folder "
                             f"that save_pretrained wrote, or a hub's 'user/name'.")  # fmt: skip
        try:
            return super().from_pretrained(str(name), **options)
        except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OfflineModeIsEnabled) as error:
            reason = str(error).strip().splitlines()[0]
            raise OSError(f"The weights {str(name)!r} could not be had from the hub: {reason}") from error

    @classmethod
    def _from_pretrained(cls, *, model_id: str, config: dict | None = None, **options: object) -> nn.Module:
        if Path(model_id).is_dir():
            return cls._of(Path(model_id) / FILE)
        known = ("revision", "cache_dir", "force_download", "local_files_only", "token")
        return cls._of(Path(hf_hub_download(model_id, FILE, **{key: options[key] for key in known if key in options})))

    @classmethod
    def _of(cls, path: Path | str) -> nn.Module:
        from lmfn_core.models.checkpoints import load_weights  # later than this file: it knows every network by name

        model, _ = load_weights(path)
        if not isinstance(model, cls):
            kind = type(model).__name__
            raise ValueError(f"{path} holds weights of {kind}, not of {cls.__name__}: call {kind}.from_pretrained.")
        return model

    def _save_pretrained(self, save_directory: Path) -> None:
        from lmfn_core.models.checkpoints import save_weights

        path = save_weights(save_directory / FILE, self, self.card)
        path.with_suffix(".json").replace(save_directory / "config.json")
