"""Before and after, to look at: one HTML file with a slider, or one PNG with both side by side."""

import base64
import html
import io
from pathlib import Path

import numpy as np
from jaxtyping import Shaped
from PIL import Image, ImageDraw, ImageFont

from lmfn_core.files.inks import light
from lmfn_core.files.photo_reading import PhotoFile
from lmfn_core.files.pictures import to_batch
from lmfn_core.records import write_bytes

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ margin: 1rem auto; font: 1rem system-ui, sans-serif; color: #222;
  max-width: min(96vw, {width}px, max(16rem, (100vh - 11rem) * {width} / {height})) }}
h1 {{ font-size: 1.4rem; margin: .6rem 0; overflow-wrap: anywhere }}
figure {{ position: relative; margin: 0 }}
img {{ display: block; width: 100% }}
.after {{ position: absolute; inset: 0; clip-path: inset(0 0 0 var(--at)) }}
figure::after {{ content: ""; position: absolute; top: 0; bottom: 0; left: var(--at); width: 2px; background: #fff;
  box-shadow: 0 0 4px #000 }}
input {{ width: 100%; margin: .8rem 0 }}
p {{ display: flex; justify-content: space-between; margin: .4rem 0 }}
</style>
<h1>{title}</h1>
<p><span>before</span><span>{after}</span></p>
<figure style="--at: 50%">
<img alt="before" src="{first}">
<img class="after" alt="{after}" src="{second}">
</figure>
<input type="range" min="0" max="100" step="0.1" value="50" aria-label="where before ends and after begins"
  oninput="document.querySelector('figure').style.setProperty('--at', this.value + '%')">
</html>
"""


def write_before_after(
    path: Path, photo: PhotoFile, restored: Shaped[np.ndarray, "..."], title: str, after: str
) -> Path:
    """Write the page or picture; ``path`` ends in .html or .png.

    Args:
        restored: pixels of the same kind as the photograph's. title: above. after: what was done, "deblurred".

    Raises:
        ValueError: for another suffix.
        OSError: when it cannot be written.

    >>> import tempfile
    >>> from lmfn_core.files.keepsakes import Keepsakes
    >>> photo = PhotoFile(np.zeros((16, 24), np.uint8), False, Keepsakes())
    >>> write_before_after(Path(tempfile.mkdtemp()) / "a.html", photo, photo.pixels, "a", "deblurred").name
    'a.html'
    """
    images = [shown(pixels, photo.inks) for pixels in (photo.pixels, restored)]
    icc = b"" if photo.inks or photo.pixels.ndim == 2 else photo.keepsakes.icc
    if path.suffix.lower() in (".html", ".htm"):
        first, second = (_embedded(image, icc) for image in images)
        words = {"title": html.escape(title), "after": html.escape(after), "first": first, "second": second}
        return write_bytes(path, PAGE.format(width=images[0].width, height=images[0].height, **words).encode())
    if path.suffix.lower() == ".png":
        content = io.BytesIO()
        side_by_side(images[0], images[1], after).save(content, "PNG", icc_profile=icc or None)
        return write_bytes(path, content.getvalue())
    raise ValueError(f"A comparison is a .html or a .png file; got {path.name!r}.")


def shown(pixels: Shaped[np.ndarray, "..."], inks: bool = False) -> Image.Image:
    """Pixels of any kind as 8-bit RGB to look at, alpha left out.

    >>> shown(np.zeros((16, 24), np.uint16)).mode
    'RGB'
    """
    batch = light(pixels) if inks else to_batch(pixels)
    return Image.fromarray(batch[0].permute(1, 2, 0).mul(255).round().byte().numpy())


def side_by_side(before: Image.Image, after: Image.Image, name: str) -> Image.Image:
    """Both images under their names.

    >>> side_by_side(Image.new("RGB", (100, 80)), Image.new("RGB", (100, 80)), "deblurred").size
    (208, 106)
    """
    gap, size = 8, max(16, before.height // 40)
    top = size + 10
    sheet = Image.new("RGB", (2 * before.width + gap, before.height + top), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size)
    for left, image, text in ((0, before, "before"), (before.width + gap, after, name)):
        sheet.paste(image, (left, top))
        pen.text((left + 4, 2), text, "black", font)
    return sheet


def _embedded(image: Image.Image, icc: bytes) -> str:
    content = io.BytesIO()
    image.save(content, "JPEG", quality=95, subsampling=0, icc_profile=icc or None)
    return f"data:image/jpeg;base64,{base64.b64encode(content.getvalue()).decode()}"
