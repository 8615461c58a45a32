"""Photos for invented people: a drawn pattern and two initials, the same for the same name; never a real face."""

import io
from random import Random

from PIL import Image, ImageDraw, ImageFont

_SIZE = 256
_HUES = ("#1f4e5f", "#7a3e48", "#3d5a3d", "#5b4a7c", "#8a5a2b", "#2d5d8a", "#6b4f3a", "#3f3f5f")
CONTENT_TYPE = "image/png"


def portrait(first_name: str, last_name: str) -> bytes:
    """A square PNG."""
    random = Random(f"{first_name} {last_name}")
    ground, shape = random.sample(_HUES, 2)
    image = Image.new("RGB", (_SIZE, _SIZE), ground)
    draw = ImageDraw.Draw(image, "RGBA")
    for _ in range(5):
        _blob(draw, shape, random)
    initials = f"{first_name[:1]}{last_name[:1]}".upper()
    draw.text((_SIZE / 2, _SIZE / 2), initials, fill="white", anchor="mm", font=ImageFont.load_default(size=104))
    content = io.BytesIO()
    image.save(content, "PNG", optimize=True)
    return content.getvalue()


def _blob(draw: ImageDraw.ImageDraw, colour: str, random: Random) -> None:
    radius = random.randint(30, 110)
    x, y = random.randint(0, _SIZE), random.randint(0, _SIZE)
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour + "66")
