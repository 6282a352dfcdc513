"""The operations on users and on the faces that belong to them."""

from collections.abc import Sequence

from tests.rekognition.errors import RekognitionError
from tests.rekognition.pages import page
from tests.rekognition.service_model import Json
from tests.rekognition.state import Account, Collection, User, Vector

MOST_USERS = 500  # a page
DEFAULT_THRESHOLD = 75.0


def create_user(account: Account, request: Json) -> Json:
    """Make a user, unless there is one of this id."""
    users = account.collection(request).users
    name: str = request["UserId"]
    if name in users:
        raise RekognitionError("ConflictException")
    users[name] = User(name)
    return {}


def delete_user(account: Account, request: Json) -> Json:
    """Remove a user; their faces stay in the collection, and belong to nobody."""
    collection = account.collection(request)
    user = collection.user(request["UserId"])
    account.change(user)
    for vector in collection.faces_of(user.user_id):
        vector.user_id = None
    del collection.users[user.user_id]
    return {}


def list_users(account: Account, request: Json) -> Json:
    """The users of a collection, in the order of a key that is not shown."""
    collection = account.collection(request)
    most = account.rules.page_size or MOST_USERS
    users, more = page(list(collection.users.values()), request, lambda user: user.key, most)
    return {
        "Users": [{"UserId": user.user_id, "UserStatus": collection.status(user)} for user in users],
        **more,
    }


def associate_faces(account: Account, request: Json) -> Json:
    """Give faces to a user. A face that this user has already is in neither list of the answer.

    The threshold counts only if the user had a face before this call.
    """
    collection = account.collection(request)
    user = collection.user(request["UserId"])
    had = collection.faces_of(user.user_id)
    threshold = request.get("UserMatchThreshold", DEFAULT_THRESHOLD) if had else 0.0
    fitting: list[Vector] = []
    refused: list[Json] = []
    for face_id in dict.fromkeys(request["FaceIds"]):
        vector = collection.vectors.get(face_id)
        reason = why_not(vector, user) or too_unlike(vector, user, threshold)
        if reason:
            refused.append({"FaceId": face_id, **reason})
        elif vector and vector not in had:
            fitting.append(vector)
    check_quota(account, len(had), len(fitting))
    if fitting:
        account.change(user)
        user.ever_had_faces = True
    return answer(collection, user, "Associat", hand_over(fitting, user.user_id), refused)


def check_quota(account: Account, had: int, more: int) -> None:
    """Whether a user may have so many more faces; if not all, then none."""
    most, strict = account.rules.faces_per_user, account.rules.full_user_refuses_all
    if had + more > most or (strict and had >= most):
        raise RekognitionError(
            "ServiceQuotaExceededException", f"The number of faces of the user exceeds the limit of {most}"
        )


def disassociate_faces(account: Account, request: Json) -> Json:
    """Take faces from a user. A face that nobody has is in neither list of the answer."""
    collection = account.collection(request)
    user = collection.user(request["UserId"])
    fitting: list[Vector] = []
    refused: list[Json] = []
    for face_id in dict.fromkeys(request["FaceIds"]):
        vector = collection.vectors.get(face_id)
        reason = why_not(vector, user)
        if reason:
            refused.append({"FaceId": face_id, **reason})
        elif vector and vector.user_id:
            fitting.append(vector)
    if fitting:
        account.change(user)
    return answer(collection, user, "Disassociat", hand_over(fitting, None), refused)


def why_not(vector: Vector | None, user: User) -> Json:
    """Why a face cannot be given to or taken from a user; empty: it can."""
    if vector is None:
        return {"Reasons": ["FACE_NOT_FOUND"]}
    if vector.user_id not in (None, user.user_id):
        return {"UserId": vector.user_id, "Reasons": ["ASSOCIATED_TO_A_DIFFERENT_USER"]}
    return {}


def too_unlike(vector: Vector | None, user: User, threshold: float) -> Json:
    """The reason if a face does not look like the user; empty: it does, or is theirs already."""
    if vector is None or vector.user_id or (likeness := vector.seen.likeness(user.user_id)) >= threshold:
        return {}
    return {"Confidence": likeness, "Reasons": ["LOW_MATCH_CONFIDENCE"]}


def hand_over(vectors: Sequence[Vector], user_id: str | None) -> list[str]:
    """Let faces belong to a user, or to nobody."""
    for vector in vectors:
        vector.user_id = user_id
    return [vector.face_id for vector in vectors]


def answer(
    collection: Collection, user: User, verb: str, done: Sequence[str], refused: Sequence[Json]
) -> Json:
    """The answer, whose members are named by the verb: “Associat”, “Disassociat”."""
    return {
        f"{verb}edFaces": [{"FaceId": face_id} for face_id in done],
        f"UnsuccessfulFace{verb}ions": list(refused),
        "UserStatus": "UPDATING" if done else collection.status(user),
    }
