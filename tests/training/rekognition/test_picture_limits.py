import io

import pytest
from PIL import Image

from tagbot.slack import words
from tagbot.training.backend import Refused, Trained
from tagbot.training.rekognition.picture_limits import REASONS
from tagbot.vocabulary import RejectionReason
from tests.recogniser import in_hand
from tests.rekognition.pictures import Box, SeenFace
from tests.stages.scenes import fresh, shown, votes
from tests.training.amazon import Amazon, assert_is_in_the_model_once, picture


@pytest.mark.ci
@pytest.mark.rule("only-pictures-own-fault")
@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        ([], "no_face"),
        *(([SeenFace(reasons=(theirs,))], ours) for theirs, ours in REASONS.items()),
        ([SeenFace(reasons=("LOW_SHARPNESS", "LOW_BRIGHTNESS"))], "too_dark"),
        ([SeenFace(reasons=("A_REASON_OF_TOMORROW",))], "no_face"),
        ([SeenFace(Box(0.7, 0.3, 0.3, 0.3)), SeenFace(reasons=("LOW_SHARPNESS",))], "several_faces"),
        ([SeenFace(Box(0.3, 0.0, 0.3, 0.25))], "several_faces"),
    ],
)
def test_a_picture_that_aws_cannot_use_is_cleaned_up_with_the_reason_in_plain_words(
    amazon: Amazon, seen: list[SeenFace], reason: str
) -> None:
    amazon.service.look(lambda _: seen)
    face = amazon.agreed()
    amazon.tell(face)
    amazon.settle()
    assert (fresh(face).state, fresh(face).reason) == ("rejected", reason)
    assert votes(face) == {}
    assert amazon.vectors() == {}
    assert words.REJECTED[reason] in shown(amazon.world, face).text


@pytest.mark.rule("only-pictures-own-fault")
@pytest.mark.parametrize(
    ("error", "reason"),
    [("InvalidImageFormatException", "not_an_image"), ("ImageTooLargeException", "too_large")],
)
def test_a_picture_that_aws_refuses_is_cleaned_up_too(amazon: Amazon, error: str, reason: str) -> None:
    amazon.service.fail("IndexFaces", error=error)
    face = amazon.agreed()
    amazon.tell(face)
    amazon.settle()
    assert (fresh(face).state, fresh(face).reason, votes(face)) == ("rejected", reason, {})


@pytest.mark.parametrize(
    ("crop", "reason"),
    [
        (b"", "not_an_image"),
        (b"no picture", "not_an_image"),
        (picture(79, 200), "too_small"),
        (picture(200, 79), "too_small"),
        (picture(100, 100) + bytes(5_242_880), "too_large"),
        (picture(10_001, 100), "too_large"),
    ],
)
def test_what_aws_would_refuse_anyway_is_not_sent(amazon: Amazon, crop: bytes, reason: str) -> None:
    answer = amazon.backend.add_face("a-face", "a-person", crop, training_id="1")
    assert answer == Refused(RejectionReason(reason))
    assert amazon.called() == []


@pytest.mark.parametrize("size", [(80, 80), (10_000, 600)])
def test_the_smallest_and_the_largest_picture_that_aws_takes_are_sent(
    amazon: Amazon, size: tuple[int, int]
) -> None:
    person = amazon.backend.ensure_person("a-person")
    answer = amazon.backend.add_face("a-face", person, picture(*size), training_id="1")
    assert isinstance(answer, Trained)


def test_of_several_faces_the_one_in_the_middle_may_be_learned(amazon: Amazon) -> None:
    amazon.service.look(lambda _: [SeenFace(), SeenFace(Box(0.0, 0.0, 0.2, 0.2))])
    assert_is_in_the_model_once(amazon, amazon.tagged())


@pytest.mark.parametrize(
    "box",
    [Box(0.0, 0.1, 0.6, 0.8), Box(0.35, 0.35, 0.3, 0.3), Box(0.05, 0.05, 0.35, 0.35), Box(-0.1, 0, 1.2, 1)],
)
def test_a_face_at_the_border_of_its_photo_need_not_be_in_the_middle_of_its_crop(
    amazon: Amazon, box: Box
) -> None:
    amazon.service.look(lambda _: [SeenFace(box)])
    assert_is_in_the_model_once(amazon, amazon.tagged())


@pytest.mark.ci
@pytest.mark.parametrize(
    ("width", "height"), [(60, 60), (79, 300), (600, 50), (12_000, 700), (700, 12_000), (80, 80)]
)
def test_a_photo_that_is_too_small_or_too_long_for_aws_is_scaled_and_its_faces_keep_their_places(
    amazon: Amazon, width: int, height: int
) -> None:
    amazon.service.look(lambda _: [SeenFace(Box(0.5, 0.0, 0.5, 1.0))])
    (face,) = amazon.backend.detect(in_hand(picture(width, height)))
    assert face.left == pytest.approx(width / 2, abs=1)
    assert (face.top, face.right, face.bottom) == (0, width, height)


def test_in_a_strip_there_is_no_face(amazon: Amazon) -> None:
    assert amazon.backend.detect(in_hand(picture(20_000, 10))) == []
    assert amazon.called() == []


def test_a_photo_over_five_megabytes_is_sent_smaller(amazon: Amazon) -> None:
    noise = Image.effect_noise((2400, 2400), 100).convert("RGB")
    out = io.BytesIO()
    noise.save(out, "JPEG", quality=100)
    assert len(out.getvalue()) > 5_242_880
    (face,) = amazon.backend.detect(in_hand(out.getvalue()))
    assert (face.left, face.width) == (480, 1440)
    (call,) = amazon.calls("DetectFaces")
    assert call.inputs["Image"]["Bytes"]["length"] <= 5_242_880
