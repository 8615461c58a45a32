"""Photos of identities: what is accepted, what it becomes (256 pixels square, WebP, nothing but pixels), how it is read."""

import functools
import io
from collections.abc import Sequence
from typing import NewType

from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy import delete, select

from engine.desk import Desk, Problem, use_case
from storage.kinds import Permission
from storage.tables import Identity, Photo

Picture = NewType("Picture", bytes)  # as `redraw` makes it, and nothing else does
LARGEST = 2 * 1024 * 1024
SIDE = 256
_SMALL_SIDE = 96
_MOST_PIXELS = 40_000_000  # a few kilobytes can claim to be gigabytes of pixels
_TOO_MANY_PIXELS = "The photo has more than 40 million pixels; save it smaller and upload it again."
_MAGIC = ((b"\x89PNG\r\n\x1a\n", "PNG"), (b"\xff\xd8\xff", "JPEG"))


@use_case(needs=Permission.MANAGE)
def set_photo(desk: Desk, identity_id: int, picture: Picture) -> int:
    """Give an identity a photo and answer its size in bytes.

    It comes redrawn, which takes a second for a large one: nobody else must wait to write meanwhile.
    """
    keep(desk, identity_id, picture)
    return len(picture)


@use_case(needs=Permission.MANAGE)
def remove_photo(desk: Desk, identity_id: int) -> None:
    if desk.session.get(Photo, identity_id) is not None:
        desk.session.execute(delete(Photo).where(Photo.identity_id == identity_id))
        desk.audit("photo.removed", f"identity:{identity_id}", identity_id=identity_id)


@use_case(needs=Permission.READ, reads=True)
def photo(desk: Desk, identity_id: int) -> bytes | None:
    """The whole photo as WebP; None without one."""
    row = desk.session.get(Photo, identity_id)
    return row.content if row else None


@use_case(needs=Permission.READ, reads=True)
def faces(desk: Desk, of: Sequence[int]) -> dict[int, bytes]:
    """Small photos (WebP, 96 pixels) of those of the identities that have one and that the actor may see."""
    rows = desk.session.execute(
        select(Photo.identity_id, Photo.content)
        .join(Identity, Identity.id == Photo.identity_id)
        .where(Photo.identity_id.in_(of), Identity.workspace_id == desk.workspace, desk.visible(Identity.id))
    )
    return {identity_id: _small(content) for identity_id, content in rows}


def keep(desk: Desk, identity_id: int, picture: Picture) -> None:
    """Make it the identity's photo."""
    row = desk.session.get(Photo, identity_id) or Photo(identity_id=identity_id)
    row.content_type, row.content, row.changed_at = "image/webp", picture, desk.now
    desk.session.add(row)
    desk.audit("photo.changed", f"identity:{identity_id}", new={"bytes": len(picture)}, identity_id=identity_id)


def redraw(content: bytes, largest: int = LARGEST) -> Picture:
    """A PNG, JPEG or WebP file as a square WebP of pixels only: no EXIF, no place, no colour profile."""
    if len(content) > largest:
        raise Problem(f"The photo is larger than {largest // 2**20} MB; save it smaller and upload it again.")
    kind = _kind(content)
    if kind is None:
        raise Problem("The photo is not a PNG, JPEG or WebP file; save it as one of these and upload it again.")
    try:
        return Picture(_squared(content, kind))
    except Image.DecompressionBombError as error:
        raise Problem(_TOO_MANY_PIXELS) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise Problem("The photo can't be read; it is damaged. Save it again and upload that file.") from error


def _kind(content: bytes) -> str | None:
    """The format by its first bytes; a file's name proves nothing."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    return next((kind for magic, kind in _MAGIC if content.startswith(magic)), None)


def _squared(content: bytes, kind: str) -> bytes:
    with Image.open(io.BytesIO(content), formats=[kind]) as opened:
        if opened.width * opened.height > _MOST_PIXELS:
            raise Problem(_TOO_MANY_PIXELS)
        opened.draft("RGB", (SIDE * 2, SIDE * 2))  # a JPEG is decoded at a fraction of its size
        upright = ImageOps.exif_transpose(opened).convert("RGBA")
    square = ImageOps.fit(upright, (SIDE, SIDE), Image.Resampling.LANCZOS)
    return _as_webp(Image.alpha_composite(Image.new("RGBA", square.size, "white"), square).convert("RGB"))


def _as_webp(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    Image.frombytes("RGB", picture.size, picture.tobytes()).save(out, "WEBP", quality=82)
    return out.getvalue()


@functools.lru_cache(maxsize=2_000)
def _small(content: bytes) -> bytes:
    with Image.open(io.BytesIO(content)) as opened:
        return _as_webp(opened.convert("RGB").resize((_SMALL_SIDE, _SMALL_SIDE), Image.Resampling.LANCZOS))
