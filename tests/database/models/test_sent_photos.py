"""Which photos one wish brings: pure, over photos that are in no database."""

from hypothesis import given
from hypothesis import strategies as st

from tagbot.database.models.photos import Photo
from tagbot.database.models.sent_photos import AT_ONCE, Plan, day_of, place_of, plan


def photo(number: int, *, gone: bool = False, taken_at: str | None = None) -> Photo:
    """The later the number, the newer; two share a moment."""
    moment = 86_400.0 * (number // 2)
    gone_at = 1.0 if gone else None
    return Photo(sha256=f"{number:064x}", received_at=moment, taken_at=taken_at, gone_at=gone_at)


def all_plans(photos: list[Photo]) -> list[Plan]:
    """One wish after the other, until nothing is left."""
    plans = [plan(photos, "")]
    while plans[-1].after:
        plans.append(plan(photos, plans[-1].after))
    return plans


@given(st.lists(st.booleans(), max_size=50))
def test_wish_by_wish_each_photo_comes_once_in_order_and_each_that_is_gone_is_named_once(
    gone: list[bool],
) -> None:
    photos = [photo(number, gone=each) for number, each in enumerate(gone)][::-1]
    plans = all_plans(photos)
    kept = [each.sha256 for each in photos if each.gone_at is None]
    assert [sha256 for each in plans for sha256 in each.photos] == kept
    assert [day for each in plans for day in each.gone] == [day_of(each) for each in photos if each.gone_at]
    left = len(kept)
    for number, each in enumerate(plans):
        left -= len(each.photos)
        assert (each.more, each.is_first) == (left, number == 0)
        assert len(each.photos) == AT_ONCE or not each.after


def test_what_came_or_went_meanwhile_leaves_the_place_of_the_rest() -> None:
    photos = [photo(number) for number in range(25)][::-1]
    first = plan(photos, "")
    newer, without_last = photo(30), [each for each in photos if each.sha256 != first.photos[-1]]
    assert plan([newer, *without_last], first.after).photos == plan(photos, first.after).photos


def test_a_photo_is_from_the_day_on_which_it_was_taken_or_else_came() -> None:
    taken = (None, "2024-02-29T23:59:00Z", "last summer", "2024")
    assert [day_of(photo(4, taken_at=each)) for each in taken] == [
        "1970-01-03", "2024-02-29", "1970-01-03", "1970-01-03",
    ]  # fmt: skip


def test_no_place_is_another_photos() -> None:
    assert len({place_of(photo(number)) for number in range(20)}) == 20
