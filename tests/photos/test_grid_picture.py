"""The grid: every face has a cell that is large enough, and a number that needs no colours."""

from io import BytesIO

import pytest
from PIL import Image, ImageStat

from tagbot.photos.grid_picture import CELL, GAP, NUMBER_HEIGHT, grid_picture

COLOURS = ("#c04040", "#40c040", "#4040c0", "#c0c040", "#40c0c0", "#c040c0", "#808080", "#f0f0f0", "#101010")


def crop(colour: str, size: tuple[int, int] = (180, 180)) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG", quality=95)
    return out.getvalue()


def grid(count: int) -> Image.Image:
    return Image.open(BytesIO(grid_picture([(n + 1, crop(COLOURS[n])) for n in range(count)])))


@pytest.mark.rule("grid-of-faces")
@pytest.mark.parametrize(
    ("count", "columns", "rows"),
    [(2, 2, 1), (3, 3, 1), (4, 2, 2), (5, 3, 2), (6, 3, 2), (7, 3, 3), (9, 3, 3)],
)
def test_each_face_has_a_cell_of_at_least_300_pixels_in_a_grid_of_three_by_three_at_most(
    count: int, columns: int, rows: int
) -> None:
    picture = grid(count)
    assert CELL >= 300
    assert picture.size == (columns * (CELL + GAP) - GAP, rows * (CELL + GAP) - GAP)
    for number in range(count):
        row, column = divmod(number, columns)
        middle = column * (CELL + GAP) + CELL // 2, row * (CELL + GAP) + CELL // 2
        wanted = Image.new("RGB", (1, 1), COLOURS[number]).getpixel((0, 0))
        found = picture.getpixel(middle)
        assert isinstance(wanted, tuple)
        assert isinstance(found, tuple)
        assert all(abs(a - b) < 12 for a, b in zip(found, wanted, strict=True)), number


@pytest.mark.rule("grid-of-faces")
def test_the_numbers_are_white_on_black_on_any_ground_and_no_two_of_them_alike() -> None:
    picture = grid(9).convert("L")
    signs = []
    for number in range(9):
        row, column = divmod(number, 3)
        left, top = column * (CELL + GAP), row * (CELL + GAP)
        sign = picture.crop((left, top, left + NUMBER_HEIGHT, top + NUMBER_HEIGHT))
        low, high = ImageStat.Stat(sign).extrema[0]
        assert low < 20
        assert high > 235
        signs.append(sign.point(lambda value: 255 * (value > 127)).tobytes())
    assert len(set(signs)) == 9


def test_a_face_that_is_no_square_is_shown_whole() -> None:
    picture = Image.open(BytesIO(grid_picture([(1, crop("#c04040", (90, 180))), (2, crop("#4040c0"))])))
    assert picture.getpixel((CELL // 2, CELL - 2)) != (255, 255, 255)
    assert picture.getpixel((CELL - 8, CELL - 8)) == (255, 255, 255), "its cell is white beside it"
