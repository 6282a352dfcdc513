"""The contract's words, each once: code, log, database, Slack, `status` and documents take them from here.

Every one is a `StrEnum`, whose members are the very texts that are stored and sent. Nothing is imported
here, so that naming a thing loads nothing.
"""

from enum import StrEnum


class State(StrEnum):
    """Where a face is on its way."""

    WAITING = "waiting"
    """Stored, not posted yet."""
    OPEN = "open"
    """Posted, collecting answers."""
    TRAINING = "training"
    """People agree, and the training backend has yet to answer; no more answers."""
    TAGGED = "tagged"
    REJECTED = "rejected"


class RejectionReason(StrEnum):
    """Why a face was rejected."""

    NO_FACE = "no_face"
    TOO_BLURRED = "too_blurred"
    TOO_DARK = "too_dark"
    TURNED_AWAY = "turned_away"
    SEVERAL_FACES = "several_faces"
    LOW_QUALITY = "low_quality"
    TOO_LARGE = "too_large"
    NOT_AN_IMAGE = "not_an_image"
    TOO_SMALL = "too_small"
    NOT_A_FACE = "not_a_face"
    UNKNOWN = "unknown"
    UNANSWERED = "unanswered"


BY_PEOPLE = frozenset({RejectionReason.NOT_A_FACE, RejectionReason.UNKNOWN})
"""Reasons that are people's answers: these votes stay."""


class NotSentReason(StrEnum):
    """Why a tagged face was not sent to the model."""

    PERSON_FULL = "person_full"
    MODEL_FULL = "model_full"
    DIFFERS = "differs"
    """The machine takes the face for somebody else's."""
    NO_CONSENT = "no_consent"
    """The person has not agreed to being learned."""


class SpecialAnswer(StrEnum):
    """An answer that names no person."""

    NOT_A_FACE = "not_a_face"
    """There is nobody to tag; it counts like a person."""
    DONT_KNOW = "dont_know"


class Consent(StrEnum):
    """Where a person's consent to being learned stands."""

    NONE = "none"
    """They were not asked yet, and have said nothing."""
    ASKED = "asked"
    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    """They had agreed before."""


MACHINE = "machine"
"""In the place of a tagger's Slack id, where the machine's opinion is a vote."""


class PhotoOutcome(StrEnum):
    """What came of a photo that was posted in Slack, where it was not searched for faces."""

    KNOWN = "known"
    TOO_LARGE = "too_large"
    GONE = "gone"
    """It was deleted, or the bot may not see it."""
    ELSEWHERE = "elsewhere"
    """Its bytes are not at Slack, who only has a link to them."""
    REFUSED = "refused"
    """It was fetched, and is no photo that is taken."""
    NO_PICTURE = "no_picture"
    """It is passed over in silence."""


class StageName(StrEnum):
    """The stages in the order of the flow, with the handler that answers come to."""

    DETECT_FACES = "DetectFaces"
    IDENTIFY_FACE = "IdentifyFace"
    REQUEST_TAGGING_ON_SLACK = "RequestTaggingOnSlack"
    FACE_TAG = "FaceTag"
    STORE_FACE_TAG_SQL = "StoreFaceTagSql"
    SEND_FACE_FOR_TRAINING = "SendFaceForTraining"
    ENRICH_USER = "EnrichUser"
    FINALIZE_TAG = "FinalizeTag"
    CLEANUP_TAG = "CleanupTag"
    UNDO_TAG = "UndoTag"
    SPLIT_GROUP = "SplitGroup"
    STORE_CONSENT = "StoreConsent"
    SEND_PHOTOS = "SendPhotos"
    FORGET_PERSON = "ForgetPerson"
    FETCH_PHOTO = "FetchPhoto"


class QueueName(StrEnum):
    """The durable queues in the order of the flow."""

    FACE_FOUND = "face-found"
    IMAGES_IN_DB = "images-in-db"
    FACE_TAGGING = "face-tagging"
    FACE_TAGGED = "face-tagged"
    FACE_ENRICH_USER = "face-enrich-user"
    FACE_TRAINING_SENT = "face-training-sent"
    FACE_CLEANUP = "face-cleanup"
    FACE_UNDO = "face-undo"
    FACE_SPLIT = "face-split"
    PERSON_CONSENT = "person-consent"
    PERSON_PHOTOS = "person-photos"
    PERSON_FORGET = "person-forget"
    SLACK_PHOTO = "slack-photo"


INBOX = "inbox"
"""Where photos come from: it is read like a queue, and is none."""

WITHOUT_SLACK = frozenset({StageName.DETECT_FACES, StageName.IDENTIFY_FACE, StageName.SEND_FACE_FOR_TRAINING})
"""Stages that neither call Slack nor hear from it: a bot with none but these needs no token."""

COMMAND = "/facetag"


FORGOTTEN = "forgotten-"
"""Begins the id in the place of a tagger's Slack id, once that member was forgotten."""


class WayToForget(StrEnum):
    """How somebody comes to be forgotten."""

    COMMAND = "command"
    BUTTON = "button"
    UNSEEN = "unseen"
    """They were in no new photo for `FORGET_AFTER_DAYS`."""


class EventType(StrEnum):
    """`event_type` in the metadata of what the bot posts, by which a post is found again."""

    REQUEST = "facetag_request"
    ANNOUNCEMENT = "facetag_announcement"
    """Any other message to the channel."""
    CONSENT = "facetag_consent"
    """The question whether a person may be learned, which they alone get."""
    PHOTOS = "facetag_photos"
    """What comes after the photos that a person asked for, which they alone get."""


class ActionId(StrEnum):
    """Slack's `action_id` of each control."""

    TAG_PERSON = "tag_person"
    NOT_A_FACE = "not_a_face"
    DONT_KNOW = "dont_know"
    SOMEONE_ELSE = "someone_else"
    WRONG_PERSON = "wrong_person"
    TRAIN_ANYWAY = "train_anyway"
    NOT_ALL_THE_SAME = "not_all_the_same"
    LOOK_CLOSER = "look_closer"
    CHANGE_ANSWER = "change_answer"
    CONSENT_YES = "consent_yes"
    CONSENT_NO = "consent_no"
    SEND_MY_DATA = "send_my_data"
    PHOTOS_WITH_ME = "photos_with_me"
    DO_NOT_TAG_ME = "do_not_tag_me"
    TAG_ME_AGAIN = "tag_me_again"
    FORGET_ME = "forget_me"
    FIND_PERSON = "find_person"
    FOUND_PERSON = "found_person"
    NEWER_FACES = "newer_faces"
    OLDER_FACES = "older_faces"
    RENAME_PERSON = "rename_person"
    MERGE_PERSON = "merge_person"
    UNMERGE_PERSON = "unmerge_person"
    FORGET_PERSON = "forget_person"


PICK = "pick_"
"""Begins the `action_id` of each name that a request offers; its number follows, from 1 on."""


LEAST_OFFERED = 2
"""Names that a request offers: one alone would tell whom the machine means."""


LEAST_LEARNED = 3
"""Faces of a person in the model: with fewer, the machine never has a vote for them."""


PERSON = "person:"
"""Begins the `block_id` of what holds a person's own buttons; their Slack id follows."""


PEOPLE = "people:"
"""Begins the `block_id` of what admins have about people; where it is about one, our id of them follows."""


class CallbackId(StrEnum):
    """Slack's `callback_id` of each modal, and of the shortcut in a message's menu."""

    SOMEONE_ELSE = "someone_else"
    NOT_ALL_THE_SAME = "not_all_the_same"
    WRONG_PERSON = "wrong_person"
    LOOK_CLOSER = "look_closer"
    FIND_FACES = "find_faces"
    """The shortcut."""
    CHANGE_ANSWER = "change_answer"
    PEOPLE = "people"
    """Somebody is looked for, and their page."""
    RENAME_PERSON = "rename_person"
    MERGE_PERSON = "merge_person"
    NOTICE = "notice"
    """Tells who clicked where no message is what they could not do, and has nothing to submit."""


HOME = "home"
"""`callback_id` of the app's Home, and Slack's type of it."""


class Field(StrEnum):
    """`block_id` and `action_id` of a modal's inputs."""

    KNOWN = "known"
    """The people without an account who were named before."""
    NAME = "name"
    EMAIL = "email"
    ODD_ONES = "odd_ones"
    WRONG_ONES = "wrong_ones"
    INTO = "into"
    """The person into whom another is merged."""
