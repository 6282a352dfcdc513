"""Answers that would bring back somebody who was forgotten, or is being forgotten."""

from tagbot.database.models.forgettings import Forgetting
from tagbot.database.models.marks import is_being_forgotten
from tagbot.messages import AnswerGiven
from tagbot.slack import words
from tagbot.vocabulary import SpecialAnswer


def about_somebody_forgotten(message: AnswerGiven, answer: str, name: str, email: str) -> str | None:
    """The words for its tagger, in place of having it stored; None for any other answer. Asked in the
    transaction that would store it.
    """
    if is_being_forgotten(answer, name, email):
        return words.BEING_FORGOTTEN
    # A form may have been open for hours, and afterwards nobody can tell whether it names them; nor of a
    # click that was made meanwhile, and is worked on only now.
    names_somebody = answer not in (*SpecialAnswer,)
    if names_somebody and Forgetting.has_searched_between(
        message.opened or message.received, message.received
    ):
        return words.FORGOTTEN_MEANWHILE
    return None
