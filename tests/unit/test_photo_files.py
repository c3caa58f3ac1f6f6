"""Every kind of photograph through a file and back: pixels to the bit where they can be, and what is beside them."""

import io
import struct
import zlib

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import ExifTags, Image, ImageCms, ImageOps, PngImagePlugin, TiffImagePlugin
from PIL.JpegImagePlugin import get_sampling

from lmfn_core.files import photo_reading
from lmfn_core.files.directories import byte_order
from lmfn_core.files.photo_reading import TURNS, read_photo
from lmfn_core.files.photo_writing import encode_photo, write_photo

RANDOM = np.random.default_rng(0)
ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
MAKER_NOTE = b"MAKER\0" + bytes(range(256))


def noise(*shape, dtype="uint8"):
    return RANDOM.integers(0, np.iinfo(dtype).max, shape, endpoint=True, dtype=dtype)


def smooth(height=32, width=48):
    """A picture that JPEG keeps nearly as it is."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows * 4, columns * 4, 255 - rows * 2 - columns], axis=-1).clip(0, 255).astype(np.uint8)


def exif(orientation=1):
    tags = Image.Exif()
    tags[271], tags[272], tags[306], tags[0x0112] = "Maker", "Model", "2020:01:02 03:04:05", orientation
    tags.get_ifd(0x8769).update(
        {33434: TiffImagePlugin.IFDRational(1, 250), 0x927C: MAKER_NOTE, 36867: "2020:01:02 03:04:05"}
    )
    tags.get_ifd(0x8825).update({1: "N", 2: (48.0, 8.0, 0.0)})
    return tags.tobytes()


def again(path, suffix=None):
    """What a network that changes nothing would have written, as bytes."""
    photo = read_photo(path)
    return encode_photo(photo, photo.pixels, suffix or path.suffix)


def reopened(content):
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def check_metadata(content, dpi=(300, 300)):
    image = reopened(content)
    assert MAKER_NOTE in content
    tags = image.getexif()
    assert (tags[271], tags[272], tags.get(0x0112, 1)) == ("Maker", "Model", 1)
    inner, gps = tags.get_ifd(0x8769), tags.get_ifd(0x8825)
    assert inner[36867] == "2020:01:02 03:04:05" and float(inner[33434]) == 0.004
    assert gps[1] == "N" and tuple(map(float, gps[2])) == (48, 8, 0)
    assert image.info["icc_profile"] == ICC
    assert dpi is None or tuple(round(float(value)) for value in image.info["dpi"]) == dpi


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
@pytest.mark.parametrize("target", [".jpg", ".png", ".tif", ".webp"])
def test_metadata_goes_along_between_all_formats(tmp_path, suffix, target):
    Image.fromarray(smooth()).save(tmp_path / f"a{suffix}", exif=exif(), icc_profile=ICC, dpi=(300, 300))
    content = again(tmp_path / f"a{suffix}", target)
    check_metadata(content, dpi=None if ".webp" in (suffix, target) else (300, 300))  # WebP states no resolution
    image = reopened(content)
    assert np.abs(np.asarray(image).astype(int) - smooth()).mean() < 4


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("target", [".png", ".tif"])
def test_16_bits_keep_every_bit_and_the_metadata(tmp_path, suffix, target):
    path = tmp_path / f"a{suffix}"
    Image.new("RGB", (16, 16)).save(tmp_path / "meta.jpg", exif=exif(6), icc_profile=ICC, dpi=(300, 300))
    pixels = noise(20, 30, 3, dtype="uint16")
    path.write_bytes(encode_photo(read_photo(tmp_path / "meta.jpg"), pixels, suffix))
    assert np.array_equal(read_photo(path).pixels, pixels)
    content = again(path, target)
    (tmp_path / f"b{target}").write_bytes(content)
    assert np.array_equal(read_photo(tmp_path / f"b{target}").pixels, pixels)
    check_metadata(content)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("channels", [(), (2,), (3,), (4,)], ids=str)
def test_16_bits_in_every_number_of_channels(tmp_path, suffix, channels):
    pixels, path = noise(20, 30, *channels, dtype="uint16"), tmp_path / f"a{suffix}"
    if suffix == ".png":
        path.write_bytes(imagecodecs.png_encode(pixels))
    else:
        kind = "rgb" if channels in ((3,), (4,)) else "minisblack"
        extra = ["unassalpha"] if channels in ((2,), (4,)) else None
        tifffile.imwrite(
            path, pixels, photometric=kind, extrasamples=extra, planarconfig="contig" if channels else None
        )
    photo = read_photo(path)
    assert np.array_equal(photo.pixels, pixels) and not photo.inks
    path.write_bytes(again(path))
    assert np.array_equal(read_photo(path).pixels, pixels)


def test_16_bit_tiffs_of_other_layouts(tmp_path):
    pixels, path = noise(20, 30, 3, dtype="uint16"), tmp_path / "a.tif"
    tifffile.imwrite(path, np.moveaxis(pixels, -1, 0), photometric="rgb", planarconfig="separate", byteorder=">")
    assert np.array_equal(read_photo(path).pixels, pixels)
    tifffile.imwrite(path, pixels, photometric="rgb", tile=(16, 16), compression="lzw", bigtiff=True)
    assert np.array_equal(read_photo(path).pixels, pixels)
    tifffile.imwrite(path, pixels[..., 0], photometric="miniswhite")
    assert np.array_equal(read_photo(path).pixels, 65535 - pixels[..., 0])
    inks = noise(20, 30, 4, dtype="uint16")
    tifffile.imwrite(path, inks, photometric="separated", planarconfig="contig")
    photo = read_photo(path)
    assert photo.inks and np.array_equal(photo.pixels, inks)
    path.write_bytes(again(path))
    assert read_photo(path).inks and np.array_equal(read_photo(path).pixels, inks)


@pytest.mark.parametrize(
    ("mode", "suffix", "shape"),
    [
        ("L", ".png", (32, 48)), ("1", ".png", (32, 48)), ("P", ".png", (32, 48, 3)), ("LA", ".png", (32, 48, 2)),
        ("RGBA", ".png", (32, 48, 4)), ("RGBA", ".webp", (32, 48, 4)), ("RGBA", ".tif", (32, 48, 4)),
        ("CMYK", ".tif", (32, 48, 4)), ("CMYK", ".jpg", (32, 48, 4)), ("L", ".jpg", (32, 48)), ("L", ".bmp", (32, 48)),
        ("P", ".bmp", (32, 48, 3)), ("L", ".tif", (32, 48)), ("YCbCr", ".jpg", (32, 48, 3)),
    ],
)  # fmt: skip
def test_each_kind_of_8_bits(tmp_path, mode, suffix, shape):
    path = tmp_path / f"a{suffix}"
    image = Image.fromarray(smooth()).convert(mode)
    if "A" in mode:
        image.putalpha(Image.fromarray(noise(32, 48)))
    image.save(path, **({"lossless": True, "exact": True} if suffix == ".webp" else {}))
    photo = read_photo(path)
    assert photo.pixels.shape == shape and photo.pixels.dtype == np.uint8 and photo.inks == (mode == "CMYK")
    path.write_bytes(again(path))
    after = read_photo(path)
    assert after.inks == photo.inks
    if suffix == ".jpg":
        assert np.abs(after.pixels.astype(int) - photo.pixels).max() <= 8
    else:
        assert np.array_equal(after.pixels, photo.pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_orientation_is_honoured_once(tmp_path, orientation, suffix):
    path = tmp_path / f"a{suffix}"
    Image.fromarray(smooth()).save(path, exif=exif(orientation), quality=100, subsampling=0)
    with Image.open(path) as image:
        upright = np.asarray(ImageOps.exif_transpose(image))
    assert np.array_equal(read_photo(path).pixels, upright)
    path.write_bytes(again(path))
    assert np.abs(read_photo(path).pixels.astype(int) - upright).max() <= 3


def test_orientation_of_16_bit_tiffs(tmp_path):
    pixels = noise(20, 30, 3, dtype="uint16")
    for orientation, turn in TURNS.items():
        tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", extratags=[(274, 3, 1, orientation, True)])
        assert np.array_equal(read_photo(tmp_path / "a.tif").pixels, turn(pixels))


@pytest.mark.parametrize("quality", [30, 75, 92, 100])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_jpeg_keeps_quality_sampling_and_progression(tmp_path, quality, subsampling):
    path = tmp_path / "a.jpg"
    Image.fromarray(smooth()).save(path, quality=quality, subsampling=subsampling, progressive=quality > 80)
    before, after = reopened(path.read_bytes()), reopened(again(path))
    assert after.quantization == before.quantization and get_sampling(after) == subsampling
    assert ("progressive" in after.info) == (quality > 80)


def test_jpeg_keeps_its_other_segments_and_loses_the_old_thumbnail(tmp_path):
    raw, path = exif(6), tmp_path / "a.jpg"
    thumbnail = io.BytesIO()
    Image.new("RGB", (8, 8)).save(thumbnail, "JPEG")
    first = 6 + 8
    order = byte_order(raw[6:])
    (count,) = struct.unpack_from(order + "H", raw, first)
    pointed = bytearray(raw)
    struct.pack_into(order + "I", pointed, first + 2 + 12 * count, len(raw) - 6)  # IFD1 after all the rest
    pointed += struct.pack(order + "HHHII", 1, 0x0201, 4, 1, len(raw) - 6 + 18) + bytes(4) + thumbnail.getvalue()
    iptc = b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x08\x1c\x02\x05\0\x03abc"
    extra = b"\xff\xed" + struct.pack(">H", len(iptc) + 2) + iptc
    Image.fromarray(smooth()).save(path, exif=bytes(pointed), xmp=XMP, extra=extra, comment=b"hello")
    content = again(path)
    assert iptc in content and content.count(b"hello") == 1 and content.count(b"xmpmeta") == 2
    after = reopened(content)
    assert b'tiff:Orientation="1"' in after.info["xmp"] and MAKER_NOTE in content
    assert len(reopened(path.read_bytes()).getexif().get_ifd(ExifTags.IFD.IFD1)) == 1 and not after.getexif().get_ifd(
        ExifTags.IFD.IFD1
    )
    assert content[:4] == b"\xff\xd8\xff\xe0"


def test_png_keeps_gamma_texts_and_xmp(tmp_path):
    info = PngImagePlugin.PngInfo()
    info.add(b"gAMA", struct.pack(">I", 45455))
    info.add(b"cHRM", bytes(32))
    info.add_text("Title", "a title")
    info.add_itxt("XML:com.adobe.xmp", XMP.decode())
    path = tmp_path / "a.png"
    Image.fromarray(smooth()).save(path, pnginfo=info)
    before, after = reopened(path.read_bytes()), reopened(again(path))
    assert after.info["gamma"] == before.info["gamma"] and after.text["Title"] == "a title"
    assert 'tiff:Orientation="1"' in after.text["XML:com.adobe.xmp"]
    deep = tmp_path / "deep.png"  # the same chunks around 16 bits
    deep.write_bytes(encode_photo(read_photo(path), noise(20, 30, 3, dtype="uint16"), ".png"))
    assert reopened(again(deep)).text["Title"] == "a title"


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "jpeg"])
def test_tiff_keeps_its_lossless_compression(tmp_path, compression):
    path = tmp_path / "a.tif"
    Image.fromarray(smooth()).save(path, compression=compression)
    kept = "tiff_adobe_deflate" if compression == "jpeg" else compression
    assert reopened(again(path)).info["compression"] == kept
    assert np.array_equal(np.asarray(reopened(again(path))), read_photo(path).pixels)


def test_a_photograph_of_a_phone_with_a_second_picture(tmp_path):
    path = tmp_path / "a.jpg"
    Image.fromarray(smooth()).save(path, "MPO", save_all=True, append_images=[Image.new("RGB", (16, 16))])
    assert reopened(path.read_bytes()).format == "MPO"
    content = again(path)
    assert reopened(content).format == "JPEG" and b"MPF\0" not in content


def test_damaged_exif_is_no_obstacle(tmp_path):
    path = tmp_path / "a.jpg"
    Image.fromarray(smooth()).save(path, exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + bytes(20))
    assert read_photo(path).pixels.shape == (32, 48, 3) and again(path)


def png(width, height, depth=8, colour=2, body=b""):
    """A PNG that claims a size."""

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")


def encoded(format, array=None, **options):
    content = io.BytesIO()
    Image.fromarray(smooth() if array is None else array).save(content, format, **options)
    return content.getvalue()


def deep_tiff(pixels, **options):
    content = io.BytesIO()
    tifffile.imwrite(content, pixels, **options)
    return content.getvalue()


TWO = [Image.new("RGB", (32, 32), "red"), Image.new("RGB", (32, 32), "blue")]
BAD = {
    "empty": (b"", ValueError, "is empty"),
    "text": (b"no image at all", ValueError, "no image of a kind restored here"),
    "a GIF": (encoded("GIF"), ValueError, "no image of a kind"),
    "a cut JPEG": (encoded("JPEG")[:-200], OSError, "truncated or damaged"),
    "a cut PNG": (encoded("PNG", noise(40, 40, 3))[:-900], OSError, "truncated or damaged"),
    "a cut TIFF": (encoded("TIFF")[:900], (OSError, ValueError), "truncated or damaged|cannot be restored"),
    "the start of a PNG": (encoded("PNG")[:30], OSError, "truncated or damaged"),
    "a cut WebP": (encoded("WEBP")[:-80], OSError, "truncated or damaged"),
    "a cut deep PNG": (imagecodecs.png_encode(noise(40, 40, 3, dtype="uint16"))[:-900], OSError, "truncated or dam"),
    "a cut deep TIFF": (deep_tiff(noise(40, 40, 3, dtype="uint16"))[:-900], ValueError, "failed to read 9600 bytes"),
    "half a TIFF header": (b"II*\0\xff\xff\xff\x7f", OSError, "truncated or damaged"),
    "a bomb": (png(60000, 60000), ValueError, "cannot be restored"),
    "a smaller bomb": (png(12000, 12000), ValueError, "claims 12000 x 12000 pixels"),
    "a deep bomb": (png(30000, 30000, depth=16), ValueError, "cannot be restored"),
    "too small": (png(8, 8, body=bytes(200)), ValueError, "8 x 8 pixels; each side must be at least 16"),
    "an animation": (encoded("PNG", save_all=True, append_images=TWO), ValueError, "holds 3 pictures"),
    "pages": (encoded("TIFF", save_all=True, append_images=TWO), ValueError, "holds 3 pictures"),
    "floats": (deep_tiff(np.zeros((20, 20), np.float32)), ValueError, "save it as RGB of 16 bits"),
    "32 bits": (deep_tiff(np.zeros((20, 20), np.uint32)), ValueError, "save it as RGB of 16 bits"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_refused_in_one_sentence(tmp_path, name):
    content, error, words = BAD[name]
    path = tmp_path / "bad.xyz"
    path.write_bytes(content)
    with pytest.raises(error, match=words) as refused:
        read_photo(path)
    assert "bad.xyz" in str(refused.value) and "\n" not in str(refused.value)


def test_no_file_a_folder_and_no_permission(tmp_path, monkeypatch):
    for path in (tmp_path / "none.jpg", tmp_path):
        with pytest.raises(FileNotFoundError, match="There is no file"):
            read_photo(path)
    (tmp_path / "a.jpg").write_bytes(encoded("JPEG"))

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(photo_reading.Path, "read_bytes", refuse)
    with pytest.raises(OSError, match=r"a.jpg' could not be read: Permission denied\."):
        read_photo(tmp_path / "a.jpg")


def test_a_heavy_file_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(photo_reading, "HEAVIEST", 10)
    (tmp_path / "a.jpg").write_bytes(bytes(11))
    with pytest.raises(ValueError, match="has 11 bytes"):
        read_photo(tmp_path / "a.jpg")


def test_99_megapixels_are_not_taken_for_a_bomb(tmp_path):
    Image.new("L", (11000, 9000), 7).save(tmp_path / "a.png", compress_level=1)
    assert read_photo(tmp_path / "a.png").pixels.shape == (9000, 11000)


@pytest.mark.parametrize(
    ("shape", "dtype", "inks", "suffix", "words"),
    [
        ((16, 16, 3), "uint16", False, ".jpg", "JPEG file cannot hold 16 bits per channel; write a .png"),
        ((16, 16, 4), "uint8", False, ".jpg", "JPEG file cannot hold transparency"),
        ((16, 16, 2), "uint8", False, ".bmp", "BMP file cannot hold transparency"),
        ((16, 16, 4), "uint8", True, ".png", "PNG file cannot hold CMYK; write a .tif"),
        ((16, 16), "uint16", False, ".webp", "WEBP file cannot hold 16 bits"),
        ((16, 16), "uint8", False, ".gif", "No photograph is written as '.gif'"),
    ],
)
def test_nothing_is_lost_without_a_word(shape, dtype, inks, suffix, words):
    photo = photo_reading.PhotoFile(np.zeros(shape, dtype), inks, photo_reading.Keepsakes())
    with pytest.raises(ValueError, match=words):
        encode_photo(photo, photo.pixels, suffix)


@pytest.mark.parametrize("before", [None, b"what was there"])
def test_a_full_disk_leaves_everything_as_it_was(tmp_path, monkeypatch, before):
    photo = photo_reading.PhotoFile(smooth(), False, photo_reading.Keepsakes())
    if before:
        (tmp_path / "a.png").write_bytes(before)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match=r"a.png' could not be written: No space left on device\."):
        write_photo(tmp_path / "a.png", photo, photo.pixels)
    assert [p.read_bytes() for p in tmp_path.iterdir()] == ([before] if before else [])


def test_folders_are_made(tmp_path):
    photo = photo_reading.PhotoFile(smooth(), False, photo_reading.Keepsakes())
    path = write_photo(tmp_path / "new" / "deep" / "a.png", photo, photo.pixels)
    assert np.array_equal(np.asarray(Image.open(path)), smooth()) and len(list(path.parent.iterdir())) == 1
