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
TEXT = person_words.consent_text("C0FACES01", ["U0ADMIN001"], "local")
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
