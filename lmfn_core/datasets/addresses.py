"""Where the data sets are published, on which terms, and the checksums that are publicly known.

None of the pages states a checksum. Those below were recorded by several public projects that used the same address;
where there is none, the first download's is kept, see ``download.LOCK``.
"""

import difflib
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Remote:
    """One file to download."""

    url: str
    known: str | None = None  # "sha256:..." or "md5:..."; None where no one has published it

    @property
    def name(self) -> str:
        """The file's name: the end of its address, without a query."""
        return self.url.split("?")[0].rsplit("/", 1)[1]


@dataclass(frozen=True)
class Address:
    """A data set to download, or the page to visit where no program can."""

    title: str  # as its authors call it
    kind: str  # for ``lmfn data check``
    page: str  # the authors' page
    terms: str  # what its users agree to, and whom to cite
    folder: str  # the folder that it goes to
    files: tuple[Remote, ...] = ()  # empty: by hand, from the page
    archives: bool = True  # whether the files are to be unpacked


_HUB = "https://huggingface.co/datasets/snah/GOPRO_Large/resolve/main/"
_BERKELEY = "https://www2.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/"
_KOHLER = "http://people.kyb.tuebingen.mpg.de/rolfk/BenchmarkECCV2012/"
_NAH = "CC BY 4.0. Cite: Nah, Kim, Lee: Deep Multi-scale CNN for Dynamic Scene Deblurring, CVPR 2017."
_RIM = "See the page. Cite: Rim, Lee, Won, Cho: Real-World Blur Dataset, ECCV 2020."
_REALBLUR = "http://cg.postech.ac.kr/research/realblur/"
_KOHLER_MD5 = {
    "BlurryImages.zip": "61ffb1434d93fca6c508976a7216d723",
    "GroundTruth_pngs_Image1.zip": "acb90b6d9bfdb4b2370e08a5fcb80e68",
    "GroundTruth_pngs_Image2.zip": "da440d3bf43b32bec0b7170ccd828f29",
    "GroundTruth_pngs_Image3.zip": "3a77c41c951367f35db52eb18496bbac",
    "GroundTruth_pngs_Image4.zip": "72ce9690c3ed1296358653396cf9576d",
}

ADDRESSES = MappingProxyType(
    {
        "gopro": Address(
            "GOPRO_Large", "gopro", "https://seungjunnah.github.io/Datasets/gopro", _NAH, "GOPRO_Large",
            (Remote(_HUB + "GOPRO_Large.zip",
                    "sha256:24532c036712515cf33803704421311c91f6a080e76049d7e5e7fd22389f128e"),),
        ),
        "gopro-all": Address(
            "GOPRO_Large_all", "gopro-all", "https://seungjunnah.github.io/Datasets/gopro", _NAH, "GOPRO_Large_all",
            (Remote(_HUB + "GOPRO_Large_all.zip"),),
        ),
        "bsds500": Address(
            "BSDS500", "bsds500", _BERKELEY + "resources.html",
            "Non-commercial research and education. Cite: Arbelaez, Maire, Fowlkes, Malik, TPAMI 2011.", "BSDS500",
            (Remote(_BERKELEY + "BSR/BSR_bsds500.tgz",
                    "sha256:97e49d31764f3912f0c4122707d53062ac9e783ba0f095e447a4d53c1a41af8e"),),
        ),
        "kodak": Address(
            "Kodak Lossless True Color Image Suite", "kodak", "https://r0k.us/graphics/kodak/",
            "Released by the Eastman Kodak Company for unrestricted use.", "kodak24",
            tuple(Remote(f"https://r0k.us/graphics/kodak/kodak/kodim{i:02}.png") for i in range(1, 25)), archives=False,
        ),
        "kohler": Address(
            "Köhler", "kohler", "https://webdav.tuebingen.mpg.de/pixel/benchmark4camerashake/",
            "Research. Cite: Köhler, Hirsch, Mohler, Schölkopf, Harmeling: Recording and Playback of Camera Shake, "
            "ECCV 2012.", "Kohler",
            tuple(Remote(_KOHLER + name, f"md5:{value}") for name, value in _KOHLER_MD5.items()),
        ),
        "hide": Address(
            "HIDE", "hide", "https://github.com/joanshen0508/HA_deblur",
            "No licence is stated; ask the authors for any use beyond research. Cite: Shen et al.: Human-Aware Motion "
            "Deblurring, ICCV 2019.", "HIDE",
            (Remote("https://www.dropbox.com/s/04w3wqxcuin9dy8/HIDE_dataset.zip?dl=1"),),
        ),
        "realblur-j": Address("RealBlur-J", "realblur-j", _REALBLUR, _RIM, "RealBlur"),
        "realblur-r": Address("RealBlur-R", "realblur-r", _REALBLUR, _RIM, "RealBlur"),
    }
)  # fmt: skip
"""Every set that ``lmfn data get`` knows."""


def address_of(name: str) -> Address:
    """Look an address up.

    Raises:
        ValueError: for an unknown name, with the nearest known one.

    >>> address_of("bsds500").files[0].name
    'BSR_bsds500.tgz'
    """
    if name not in ADDRESSES:
        close = difflib.get_close_matches(name, ADDRESSES, n=1, cutoff=0.5)
        hint = f"Did you mean {close[0]!r}? " if close else ""
        raise ValueError(f"There is no data set {name!r} to download. {hint}Known: {', '.join(ADDRESSES)}.")
    return ADDRESSES[name]
