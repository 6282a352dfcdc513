"""The page of a person, as the database has it, and as Slack can show it."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from tagbot.database.models.faces import Face
from tagbot.database.models.person_page import person_page
from tagbot.database.opening import connected
from tagbot.database.outages import reached
from tagbot.errors import Retry
from tagbot.slack import people_words as words
from tagbot.slack.api_failures import PictureNotReady
from tagbot.slack.client import Slack
from tagbot.slack.consent_question import day
from tagbot.slack.home_figures import permalink
from tagbot.slack.person_page_view import MOST_FACES, FaceOnPage, MergedOnPage, PersonOnPage, people_modal
from tagbot.slack.request_id import RequestId


def person_on_page(person_id: str, part: int, slack: Slack, *, can_be_forgotten: bool) -> PersonOnPage | None:
    """A part of a person's page; None where they are not there any more. Raises `Retry` while the database is
    away.
    """
    address = slack.address
    with reached(), connected():
        page = person_page(person_id, part, MOST_FACES)
        if page is None:
            return None
        person = page.known.person
        return PersonOnPage(
            id=person.id,
            name=person.name,
            slack_id=person.slack_id,
            email=person.email,
            faces=page.known.faces,
            photos=page.photos,
            learned=page.known.learned,
            consent=page.known.consent,
            consent_date=day(page.known.consent_at),
            shown=[_on_page(face, address, slack.channel.id) for face in page.faces],
            part=page.part,
            parts=page.parts,
            merged=[MergedOnPage(each.id, each.name, day(each.merged_at)) for each in page.merged],
            can_be_forgotten=can_be_forgotten,
        )


def show_page(
    view_id: str, person: PersonOnPage | None, slack: Slack, *, told: str = "", reopened: Sequence[str] = ()
) -> None:
    """Show a page in an open modal, with words about what was just done: with the pictures that Slack still
    has, of which it does not say which it would refuse the whole for.
    """
    if person is None:
        slack.update_modal(view_id, people_modal(told=told or words.GONE))
        return
    try:
        slack.update_modal(view_id, people_modal(person, told=told, reopened=reopened))
    except PictureNotReady:
        bare = _with_pictures(person, ())
        slack.update_modal(view_id, people_modal(bare, told=told, reopened=reopened))
        with suppress(Retry):  # it stays as it is, which says that there is no picture
            wanted = {face.picture for face in person.shown if face.picture}
            there = [file for file in sorted(wanted) if slack.uploads.are_ready([file])]
            some = _with_pictures(person, there)
            slack.update_modal(view_id, people_modal(some, told=told, reopened=reopened))


def _with_pictures(person: PersonOnPage, there: Sequence[str]) -> PersonOnPage:
    shown = [face if face.picture in there else replace(face, picture=None) for face in person.shown]
    return replace(person, shown=shown)


def _on_page(face: Face, address: str, channel: str) -> FaceOnPage:
    """With the picture of it alone, where it has one, else with that of its group."""
    request = face.request
    grid = request.grid_file if request is not None and not face.crop_file else None
    return FaceOnPage(
        id=RequestId(face.id, face.round),
        date=day(face.tagged_at),
        link="" if request is None else permalink(address, request.channel or channel, request.message_ts),
        picture=face.crop_file or grid,
        number=(face.number or 0) if grid else 0,
    )
