import io
import os
import struct
import time
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, PngImagePlugin

from fedi_chapter.core.errors import FormInvalid, TooLarge
from fedi_chapter.core.ids import RandomIds
from fedi_chapter.domain.media import Media
from fedi_chapter.media import images
from fedi_chapter.media.images import store

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
CANARY = b"CANARY-12-home-street"
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syn'
    b'tax-ns#"><rdf:Description exif:GPSLatitude="' + CANARY + b'"/></rdf:RDF></x:xmpmeta>'
)


def a_picture(size: tuple[int, int] = (400, 300), mode: str = "RGB") -> Image.Image:
    picture = Image.new(mode, size, "white")
    ImageDraw.Draw(picture).rectangle([0, 0, size[0] // 2, size[1] // 4], fill="red")
    return picture


def with_location() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = CANARY.decode()
    exif[0x0112] = 6  # turn it a quarter clockwise
    exif.get_ifd(0x8825)[29] = CANARY.decode()
    return exif


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, format=kind, **options)
    return out.getvalue()


def stored(
    source: bytes | Path, folder: Path, alt: str = "A red corner", quota: int = 1 << 30
) -> Media:
    return store(source, alt, folder, quota=quota, ids=RandomIds(), now=NOW)


def text_chunk() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", CANARY.decode())
    info.add_itxt("XML:com.adobe.xmp", XMP.decode())
    return info


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_no_trace_of_a_home_address_is_left_in_a_stored_picture(kind: str, tmp_path: Path) -> None:
    options: dict[str, dict[str, object]] = {
        "JPEG": {"exif": with_location(), "xmp": XMP, "comment": CANARY},
        "PNG": {"exif": with_location(), "pnginfo": text_chunk()},
        "WEBP": {"exif": with_location(), "xmp": XMP},
        "GIF": {"comment": CANARY},
    }
    original = saved(a_picture(), kind, **options[kind])
    assert CANARY in original or kind == "PNG"
    media = stored(original, tmp_path)
    kept = (tmp_path / media.file_name).read_bytes()
    assert CANARY not in kept
    for marker in (b"Exif", b"EXIF", b"xmp", b"XMP", b"ICCP", b"ICC_PROFILE"):
        assert marker not in kept
    with Image.open(io.BytesIO(kept)) as picture:
        assert not dict(picture.getexif())
        assert "comment" not in picture.info


def test_a_picture_taken_sideways_is_stored_upright(tmp_path: Path) -> None:
    media = stored(saved(a_picture((400, 300)), "JPEG", exif=with_location()), tmp_path)
    assert (media.width, media.height) == (300, 400)


def test_a_large_picture_is_made_smaller(tmp_path: Path) -> None:
    media = stored(saved(a_picture((4000, 1000)), "JPEG"), tmp_path)
    assert (media.width, media.height) == (1600, 400)
    assert media.size == (tmp_path / media.file_name).stat().st_size
    assert media.blurhash


def test_transparency_is_kept(tmp_path: Path) -> None:
    media = stored(saved(Image.new("RGBA", (20, 20), (255, 0, 0, 60)), "PNG"), tmp_path)
    assert media.media_type == "image/webp"
    with Image.open(tmp_path / media.file_name) as picture:
        assert picture.getpixel((5, 5))[3] == pytest.approx(60, abs=2)


def test_a_picture_without_alt_text_is_refused_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(FormInvalid) as refused:
        stored(saved(a_picture(), "PNG"), tmp_path, alt=" \n")
    assert "--alt" in (refused.value.cure or "")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormInvalid, match="can't be read"):
        stored(tmp_path / "none.png", tmp_path)


def test_a_file_of_more_than_twenty_megabytes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TooLarge):
        stored(b"\0" * (images.LARGEST + 1), tmp_path)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<html><script>alert(1)</script></html>",
        b"%PDF-1.7\n",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        saved(a_picture(), "TIFF"),
        saved(a_picture(), "BMP"),
        saved(a_picture(), "JPEG")[:500],
        saved(a_picture(), "PNG")[:60],
    ],
    ids=["empty", "svg", "html", "pdf", "eps", "tiff", "bmp", "torn-jpeg", "torn-png"],
)
def test_what_is_not_a_whole_picture_is_refused(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(FormInvalid, match="not a picture"):
        stored(data, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_small_file_that_declares_a_huge_picture_is_refused_quickly(tmp_path: Path) -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1_000_000))
        + chunk(b"IEND", b"")
    )
    began = time.process_time()
    with pytest.raises(FormInvalid):
        stored(bomb, tmp_path)
    assert time.process_time() - began < 5


def test_a_script_behind_the_pixels_is_gone(tmp_path: Path) -> None:
    polyglot = saved(a_picture(), "GIF") + b"<script>alert(1)</script>" + CANARY
    media = stored(polyglot, tmp_path)
    assert CANARY not in (tmp_path / media.file_name).read_bytes()


def test_an_animation_becomes_its_first_picture(tmp_path: Path) -> None:
    frames = [a_picture((30, 30)), Image.new("RGB", (30, 30), "blue")] * 50
    media = stored(saved(frames[0], "GIF", save_all=True, append_images=frames[1:]), tmp_path)
    assert media.media_type == "image/jpeg"


def test_an_encoder_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "PATIENCE", 0.001)
    with pytest.raises(FormInvalid, match="too long"):
        stored(saved(a_picture(), "PNG"), tmp_path)


def test_a_picture_is_stored_under_a_name_nobody_can_guess(tmp_path: Path) -> None:
    source = tmp_path / ".." / tmp_path.name / "party at home.png"
    source.write_bytes(saved(a_picture(), "PNG"))
    media = stored(source, tmp_path / "media")
    assert os.listdir(tmp_path / "media") == [media.file_name]
    assert "party" not in media.file_name


def test_a_full_media_folder_takes_no_more_pictures_and_names_the_setting(tmp_path: Path) -> None:
    picture = saved(Image.new("RGB", (64, 64), "red"), "PNG")
    kept = stored(picture, tmp_path)
    with pytest.raises(TooLarge) as refused:
        stored(picture, tmp_path, quota=kept.size)
    assert "MEDIA_QUOTA_MB" in str(refused.value.cure)
    assert [file.name for file in tmp_path.iterdir()] == [kept.file_name]


def test_tidying_takes_only_old_pictures_that_nothing_shows(tmp_path: Path) -> None:
    picture = saved(Image.new("RGB", (64, 64), "red"), "PNG")
    kept, gone, young = (stored(picture, tmp_path) for _ in range(3))
    half, foreign = tmp_path / f".{RandomIds().new(NOW)}.part", tmp_path / "notes.jpg"
    for file in (half, foreign):
        file.write_bytes(b"x")
    for name in (kept.file_name, gone.file_name, half.name, foreign.name):
        os.utime(tmp_path / name, (NOW.timestamp(), NOW.timestamp()))
    before = NOW + timedelta(minutes=1)
    os.utime(tmp_path / young.file_name, (before.timestamp(), before.timestamp()))
    assert images.tidy(tmp_path, {kept.id}, before) == 2
    left = {file.name for file in tmp_path.iterdir()}
    assert left == {kept.file_name, young.file_name, foreign.name}
    assert images.tidy(tmp_path / "none", set(), before) == 0


def test_a_file_that_vanishes_while_the_folder_is_measured_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = tmp_path / ".vanished.part"
    monkeypatch.setattr(Path, "iterdir", lambda _: iter([missing]))
    stored(saved(Image.new("RGB", (64, 64), "red"), "PNG"), tmp_path)
