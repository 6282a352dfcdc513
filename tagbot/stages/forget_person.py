"""Forget a person: everything that says who they are or shows their face goes."""

from collections.abc import Iterator

from tagbot.database.models.marks import marks_of
from tagbot.maintenance.forgetting.steps import begin, go_on
from tagbot.messages import ForgetAsked
from tagbot.services import Services


def forget_person(message: ForgetAsked, services: Services) -> Iterator[ForgetAsked]:
    """Begin, or go on for a while; the rest is for the next message."""
    # Again is harmless: what is to go is listed before anything goes, and what has gone stays gone.
    if message.person:
        marks = marks_of(message.person)
        begin(
            message.receipt,
            marks,
            services.opt_out_key,
            services.now(),
            way=message.way,
            never_again=message.never_again,
        )
    elif not go_on(message.receipt, message.part, services):
        return
    yield ForgetAsked(
        receipt=message.receipt, never_again=message.never_again, way=message.way, part=message.part + 1
    )
