"""The sentences of `stats`."""

from typing import Any

from tagbot.monitoring.stats_words import in_words

NO_RECORD = {"sure": 0, "right": 0, "precision": None, "lower_bound": None, "votes": False}

FIGURES: dict[str, Any] = {
    "asked": 1340,
    "closed": 1310,
    "labelled": 310,
    "answers": 84,
    "clicks": 121,
    "answers_per_face": 84 / 310,
    "clicks_per_face": 121 / 310,
    "agreed_at_once": 0.923,
    "alpha": 0.931,
    "median_seconds": 200.0,
    "machine": {"sure": 400, "right": 399, "precision": 0.9975, "lower_bound": 0.986, "votes": False},
    "aws": {"calls": {"associate_faces": 1, "search_users_by_image": 4}, "dollars": 0.004},
}


def told(**changes: Any) -> list[str]:
    return list(in_words(FIGURES | changes))


def test_each_figure_is_told_in_a_sentence() -> None:
    assert told() == [
        "1,340 faces asked about, 1,310 of them closed.",
        "310 faces labelled by 84 answers and 121 clicks: 0.27 answers and 0.39 clicks for each.",
        "Of these faces:",
        "- People agreed at once on 92.3 %.",
        "- Krippendorff's alpha of their answers is 0.93: 1 is agreement always, 0 is agreement by chance.",
        "- Half were decided within 3 minutes of being asked about.",
        (
            "The machine was sure 400 times where people alone decided, and right 399 times: 99.8 %, which "
            "is at least 98.6 % with a certainty of 95 %."
        ),
        "Its opinion does not count as a vote.",
        "Calls to Amazon Rekognition: 1 AssociateFaces, 4 SearchUsersByImage; about $0.00.",
    ]


def test_of_very_many_faces_the_last_are_judged() -> None:
    _, first, second, *_ = told(labelled=1_000_000)
    assert first.startswith("1,000,000 faces labelled")
    assert second == "Of the last 10,000 faces:"


def test_a_vote_of_the_machine_is_told() -> None:
    assert "Its opinion counts as a vote." in told(machine=FIGURES["machine"] | {"votes": True})


def test_there_is_no_word_of_what_there_is_not() -> None:
    nothing = {"asked": 0, "labelled": 0, "answers": 0, "clicks": 0, "alpha": None, "median_seconds": None}
    aws = {"calls": {}, "dollars": 0.0}
    assert told(**nothing, machine=NO_RECORD, aws=aws) == [
        "No face is labelled yet.",
        "The machine has no record yet, and no vote.",
    ]
    assert told(**nothing | {"answers": 1, "clicks": 2}, machine=NO_RECORD, aws=aws)[0] == (
        "No face is labelled yet; people gave 1 answer and 2 clicks."
    )
    assert len(told(labelled=1, alpha=None, median_seconds=None, machine=NO_RECORD, aws=aws)) == 5


def test_of_faces_that_were_all_forgotten_nobody_is_said_to_differ() -> None:
    nothing = {"labelled": 7, "agreed_at_once": 0.0, "alpha": None, "median_seconds": None}
    assert not [line for line in told(**nothing) if "agreed" in line or line == "Of these faces:"]
