"""Messages to one person about themselves."""

from dataclasses import replace

import pytest

from tagbot.sandbox import block_kit
from tagbot.slack import person_words
from tagbot.slack.blocks import Rendered
from tagbot.slack.person_messages import ConsentShown, KeptShown, consent_message, kept_message
from tagbot.vocabulary import Consent
from tests.slack.spoken import unspoken

ANN = "U0ANN00001"
TEXT = person_words.consent_text("C0FACES01", ["U0ADMIN001"], "local", required=True)
KEPT = KeptShown(slack_id=ANN, name="Ann", email="ann@example.com", is_person=True, text=TEXT, text_id="1")


def messages() -> dict[str, Rendered]:
    """Every one of them, by what it is."""
    asked = ConsentShown(slack_id=ANN, text=TEXT, text_id="1", standing=Consent.ASKED, date="2026-11-30")
    kept = replace(KEPT, faces=3, photos=2, learned=1, waiting=2, answers=5, date="2026-11-30")
    return {
        **{f"asked, {each}": consent_message(replace(asked, standing=each)) for each in Consent},
        **{f"kept, {each}": kept_message(replace(kept, standing=each)) for each in Consent},
        "kept, one of each": kept_message(replace(KEPT, faces=1, photos=1, waiting=1, answers=1)),
        "kept, nothing": kept_message(KeptShown(slack_id=ANN)),
        "opted out": kept_message(KeptShown(slack_id=ANN, opted_out=True)),
    }


@pytest.mark.rule("text-says-all")
def test_the_text_says_all_that_the_blocks_say() -> None:
    for name, rendered in messages().items():
        assert unspoken(rendered) == [], name


@pytest.mark.rule("own-rights")
def test_the_question_says_what_silence_means_where_people_are_asked_first_and_where_not() -> None:
    silence = {
        required: person_words.consent_text("C0FACES01", [], "local", required=required)
        for required in (True, False)
    }
    assert "or nothing at all.* Then nothing of your face is learned" in silence[True]
    assert "As long as you say nothing, it may be learned" in silence[False]
    assert "Then all that was learned of your face goes" in silence[False]


def test_only_what_cannot_be_undone_is_red() -> None:
    [buttons] = [block for block in kept_message(KEPT).blocks if block["type"] == "actions"]
    red = {each["action_id"] for each in buttons["elements"] if each.get("style") == "danger"}
    assert red == {"forget_me", "do_not_tag_me"}
    assert all(
        each["confirm"]["style"] == "danger" for each in buttons["elements"] if each["action_id"] in red
    )


def test_slack_takes_each_of_them() -> None:
    for name, rendered in messages().items():
        assert block_kit.inspect_message(rendered.blocks, lambda _: True), name


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (1, "1 answer that you gave about a face is kept."),
        (2, "2 answers that you gave about faces are kept."),
    ],
)
def test_answers_are_counted_in_a_sentence(answers: int, said: str) -> None:
    assert said in kept_message(replace(KEPT, answers=answers)).text
