"""The facts that travel from stage to stage.

A message says what happened and holds ids, never pictures. Every field but the ids has a default, so that
a message which an older version left in a queue still loads; fields that this version does not know are
left out, so that a newer version's do too.
"""

from tagbot.messages.face_messages import (
    ANYWAY,
    CONSENT,
    AnswerGiven,
    FaceFound,
    FaceMessage,
    FaceReopened,
    FacesStruckOut,
    FaceStored,
    FaceTagged,
    TrainingRefused,
    TrainingSent,
)
from tagbot.messages.message import Message
from tagbot.messages.people_messages import (
    ConsentChanged,
    ForgetAsked,
    PersonAdded,
    PersonMessage,
    PhotosAsked,
)
from tagbot.messages.photo_messages import PhotoArrived, PhotoPosted

__all__ = [
    "ANYWAY",
    "CONSENT",
    "AnswerGiven",
    "ConsentChanged",
    "FaceFound",
    "FaceMessage",
    "FaceReopened",
    "FaceStored",
    "FaceTagged",
    "FacesStruckOut",
    "ForgetAsked",
    "Message",
    "PersonAdded",
    "PersonMessage",
    "PhotoArrived",
    "PhotoPosted",
    "PhotosAsked",
    "TrainingRefused",
    "TrainingSent",
]
