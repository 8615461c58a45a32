"""What becomes of an uploaded photo, and which files are refused."""

import io
import zlib

import pytest
from PIL import Image

from engine import photos
from engine.desk import Problem
from storage.database import Database
from tests import makers


def picture(kind: str, size: tuple[int, int] = (400, 300), mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "teal").save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_photo_becomes_a_square_webp(kind: str) -> None:
    made = Image.open(io.BytesIO(photos.redraw(picture(kind))))
    assert (made.format, made.size) == ("WEBP", (256, 256))


def test_where_and_with_what_it_was_taken_is_dropped() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Camera of Ada"
    exif.get_ifd(0x8825)[1] = "N"
    made = photos.redraw(picture("JPEG", exif=exif))
    assert b"Camera of Ada" not in made
    assert not Image.open(io.BytesIO(made)).getexif()


def test_a_photo_taken_sideways_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    out = io.BytesIO()
    sideways = Image.new("RGB", (200, 200), "white")
    sideways.paste("black", (0, 0, 200, 100))
    sideways.save(out, "JPEG", exif=exif)
    made = Image.open(io.BytesIO(photos.redraw(out.getvalue()))).convert("L")
    assert made.getpixel((10, 128)) > 200
    assert made.getpixel((245, 128)) < 50


def test_transparent_becomes_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (50, 50), (0, 0, 0, 0)).save(out, "PNG")
    made = Image.open(io.BytesIO(photos.redraw(out.getvalue()))).convert("L")
    assert made.getpixel((128, 128)) > 250


def bomb() -> bytes:
    """A few kilobytes that claim 30,000 by 30,000 pixels."""
    whole = picture("PNG", (10, 10))
    header = (30_000).to_bytes(4, "big") * 2 + whole[24:29]
    return whole[:16] + header + zlib.crc32(b"IHDR" + header).to_bytes(4, "big") + whole[33:]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "not a PNG"),
        (b"<svg onload=alert(1)>", "not a PNG"),
        (b"GIF89a" + b"\0" * 100, "not a PNG"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "damaged"),
        (picture("JPEG")[:200], "damaged"),
        (b"\xff\xd8\xff" + b"\0" * photos.LARGEST, "2 MB"),
        (bomb(), "40 million pixels"),
    ],
)
def test_a_file_that_is_no_photo_is_refused_with_a_sentence(content: bytes, word: str) -> None:
    with pytest.raises(Problem, match=word):
        photos.redraw(content)


def test_a_photo_is_set_replaced_read_and_removed(database: Database) -> None:
    with database.write() as session:
        workspace = makers.workspace(session)
        ada, grace = makers.identity(session, workspace.id), makers.identity(session, workspace.id)
        desk = makers.desk(session, workspace.id)
        photos.set_photo(desk, ada.id, photos.redraw(picture("PNG")))
        photos.set_photo(desk, ada.id, photos.redraw(picture("JPEG")))
        session.flush()
        whole = photos.photo(desk, ada.id)
        assert whole is not None
        small = photos.faces(desk, [ada.id, grace.id])
        assert list(small) == [ada.id]
        assert Image.open(io.BytesIO(small[ada.id])).size == (96, 96)
        photos.remove_photo(desk, ada.id)
        assert photos.photo(desk, ada.id) is None
