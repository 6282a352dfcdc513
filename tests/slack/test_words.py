"""Words: what people read in Slack is short, plain and complete."""

import pytest

from tagbot.slack import words

TAGGERS = [f"U0TAGGER{number:03}" for number in range(200)]


@pytest.mark.parametrize(
    ("required", "taggers", "differ", "said"),
    [
        (1, 0, False, "One answer is enough. Nobody has answered yet."),
        (2, 0, False, "2 people have to agree. Nobody has answered yet."),
        (2, 1, False, "2 people have to agree. Answered so far: <@U0TAGGER000>."),
        (3, 2, True, "You do not agree yet, so one more look helps."),
        (2, 25, False, " and 5 more."),
    ],
)
def test_the_progress_says_how_many_it_takes_and_who_has_answered(
    required: int, taggers: int, differ: bool, said: str
) -> None:
    assert said in words.progress(required, TAGGERS[:taggers], differ=differ)


@pytest.mark.rule("rejection-reason")
@pytest.mark.parametrize("reason", words.REJECTED)
def test_a_reason_is_a_plain_sentence_that_says_what_happens_next(reason: str) -> None:
    sentence = words.rejected(reason)
    assert sentence.endswith(".")
    assert "_" not in sentence
    assert len(sentence) < 160


def test_a_reason_that_is_not_known_is_still_said_in_words() -> None:
    assert words.rejected("quite_new") == "This face was set aside (quite new)."


@pytest.mark.rule("retry-asks-again")
@pytest.mark.parametrize(
    ("messages", "asked_again", "said"),
    [
        (0, False, "0 messages are tried again."),
        (1, False, "1 message is tried again."),
        (2, False, "2 messages are tried again."),
        (0, True, "1 face is asked about again."),
        (3, True, "1 face is asked about again. 3 messages are tried again."),
    ],
)
def test_a_retry_says_how_many_of_which(messages: int, asked_again: bool, said: str) -> None:
    assert words.retried(messages, asked_again=asked_again) == said
