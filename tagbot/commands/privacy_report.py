"""The report of `check --privacy`: what is kept where, for how long, who sees it and where it is sent."""

from collections.abc import Iterator
from pathlib import Path

from tagbot.errors import Reject, Retry
from tagbot.lib.redaction import without_secrets
from tagbot.settings import Settings
from tagbot.slack.client import Slack
from tagbot.slack.consent_question import text_of_today


def report(settings: Settings, slack: Slack) -> Iterator[str]:
    """The paragraphs; nothing in them is a secret."""
    yield _kept(settings)
    yield _seen(slack)
    yield _sent(settings)
    yield from _consent(settings)


def _kept(settings: Settings) -> str:
    database = without_secrets(settings.database_url)
    queues = (
        settings.queue_url if settings.queue_prefix else f"{settings.data_dir / 'queues'} on this machine"
    )
    return (
        "What is kept: photos as they came in but without their EXIF data, the faces cut out of them and "
        f"their surroundings, in {_place(settings.image_store)}; in the database {database} where each face "
        "is, who is tagged, everybody's answers, the name, email address and picture's address of tagged "
        "people's Slack profiles, their consent with time, way and text, and of those who opted out a keyed "
        "hash of their Slack id; the Slack id of those who "
        "posted a photo, until they were told what came of it, or for a week; which photos were sent to whom "
        f"since they are in them; {_numbers(settings)}; between two steps, "
        f"messages in {queues}; new photos in {_place(settings.inbox)}; refused ones beside it. "
        f"{_for_how_long(settings)}"
    )


def _numbers(settings: Settings) -> str:
    at_amazon = f"the collection {settings.rekognition_collection} of Amazon Rekognition"
    place = at_amazon if settings.training_backend == "rekognition" else "the database"
    compared = "; in the database, those of each other face until it is closed"
    return f"in {place}, numbers that describe each learned face{compared if settings.compares_faces else ''}"


def _for_how_long(settings: Settings) -> str:
    pictures, people = settings.keep_pictures_days, settings.forget_after_days
    kept = "Pictures are kept until their people are forgotten"
    if pictures is not None:
        after = f"{pictures:g} days after a face is" if pictures else "within an hour once a face is"
        kept = (
            f"The surroundings, the photo and the pictures in Slack go {after} closed (KEEP_PICTURES_DAYS), "
            "its crop when its person is forgotten"
        )
    by_itself = f"People who were in no new photo for {people:g} days are" if people else "Nobody is"
    return (
        f"{kept}. A photo in which no face was found is kept. {by_itself} forgotten without being asked "
        "(FORGET_AFTER_DAYS)."
    )


def _seen(slack: Slack) -> str:
    try:
        found = slack.channel.info()
        kind = (
            "a private channel" if found.get("is_private") else "a public channel, which all members may join"
        )
    except (Retry, Reject) as why:
        kind = f"a channel of which Slack tells nothing just now ({why.reason})"
    return (
        f"Who sees it: the members of {slack.channel.id}, {kind}, see the pictures and who was tagged; who "
        "answered, but not what, before people agree. The files and the database are readable by the user "
        "who runs the bot alone. Everybody sees what is kept of themselves by /facetag me."
    )


def _sent(settings: Settings) -> str:
    to = [
        "Slack, as uploads that only the channel sees",
        "Slack's direct messages, where people ask for their own data and photos, which they alone see",
    ]
    improved = "nothing trains anybody's general model"
    if settings.training_backend == "rekognition":
        region = settings.aws_region or "the region of the AWS settings"
        why = "to learn them and to see whom they resemble" if settings.line_up else "to learn them"
        to.append(f"Amazon Rekognition in {region}: photos to find faces, and the crops of faces {why}")
        improved = (
            "AWS may use the pictures to improve its services unless your organisation has opted out of that "
            "(AI services opt-out policy)"
        )
    if settings.queue_prefix:
        to.append("Amazon SQS: ids, answers and typed names")
    if not isinstance(settings.image_store, Path) or not isinstance(settings.inbox, Path):
        to.append("Amazon S3: the pictures")
    return f"Where it is sent: {'; '.join(to)}. Nowhere else, and {improved}."


def _consent(settings: Settings) -> Iterator[str]:
    if not settings.requires_consent:
        yield (
            "Consent: CONSENT=off, so tagged people are learned without being asked; a no by /facetag me "
            "or by the command `consent` is kept to all the same. The text that they are shown there:"
        )
        yield text_of_today(settings)
        return
    compared = (
        " Faces that nobody has named are still compared with each other and with the model, for groups and "
        "for the names that are offered, unless MAX_GROUP=1 and LINE_UP=0."
    )
    yield (
        "Consent: CONSENT=required, so nobody is learned before their own yes, for which each is asked "
        f"once by direct message.{compared if settings.compares_faces else ''} The text that they agree to:"
    )
    yield text_of_today(settings)


def _place(place: object) -> str:
    return f"{place} on this machine" if isinstance(place, Path) else f"Amazon S3 ({place})"
