"""Rectangles: whether they lie in a picture."""

from tagbot.photos.rectangle import Rectangle, Size


def test_a_rectangle_outside_the_picture_is_told() -> None:
    size = Size(100, 50)
    assert Rectangle(0, 0, 100, 50).inside(size)
    for outside in (
        Rectangle(-1, 0, 10, 10),
        Rectangle(0, -1, 10, 10),
        Rectangle(91, 0, 10, 10),
        Rectangle(0, 41, 10, 10),
        Rectangle(0, 0, 0, 10),
        Rectangle(0, 0, 10, -5),
    ):
        assert not outside.inside(size)
