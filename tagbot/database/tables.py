"""All tables, in the order in which they refer to each other."""

from tagbot.database.models.base import Table
from tagbot.database.models.bookkeeping import (
    BackendCalls,
    Effort,
    FailedMessage,
    HeardChannel,
    Notice,
    RateLimitState,
    RunningBot,
    StallAlert,
    Tally,
)
from tagbot.database.models.consents import ConsentQuestion, ConsentStatement, ConsentText
from tagbot.database.models.different_people import DifferentPeople
from tagbot.database.models.digests import Digest
from tagbot.database.models.face_vectors import FaceVector
from tagbot.database.models.faces import Face
from tagbot.database.models.forgettings import Forgetting, ToForget
from tagbot.database.models.guesses import Guess
from tagbot.database.models.named_faces import NamedFace
from tagbot.database.models.opt_outs import OptOut
from tagbot.database.models.people import Person
from tagbot.database.models.photos import Photo
from tagbot.database.models.posted_photos import PostedPhoto
from tagbot.database.models.requests import Request
from tagbot.database.models.rounds import PastRound
from tagbot.database.models.sent_photos import PhotosWish, SentPhoto
from tagbot.database.models.vectors import TrainedVector
from tagbot.database.models.votes import Vote

TABLES: tuple[type[Table], ...] = (
    Photo, Person, Request, Face, Vote, PastRound, DifferentPeople, TrainedVector, FaceVector, Guess,
    NamedFace,
    ConsentText, ConsentStatement, ConsentQuestion, OptOut, Forgetting, ToForget, PostedPhoto,
    PhotosWish, SentPhoto, Digest,
    Tally, Effort, BackendCalls, Notice, StallAlert, RunningBot, FailedMessage, RateLimitState,
    HeardChannel,
)  # fmt: skip
