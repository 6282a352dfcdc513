"""The search for users by a picture."""

from tests.rekognition.pictures import SeenFace, picture_of, unsearched
from tests.rekognition.service_model import Json
from tests.rekognition.state import MODEL_VERSION, Account, Collection

DEFAULT_THRESHOLD = 80.0
MOST_USERS = 500


def search_users_by_image(account: Account, request: Json) -> Json:
    """The users who look like the largest face of a picture, the most similar first; that there is no face
    is no error.

    A filter takes the bad faces out before the largest of the others is looked for.
    """
    collection = account.collection(request)
    faces = account.faces_in(picture_of(request))
    filtered = request.get("QualityFilter", "NONE") != "NONE"
    good = [face for face in faces if not (filtered and face.reasons)]
    bad = [face for face in faces if filtered and face.reasons]
    left_out = [
        *(unsearched(face, ["FACE_NOT_LARGEST"]) for face in good[1:]),
        *(unsearched(face, face.reasons) for face in bad),
    ]
    answer = {"UserMatches": [], "UnsearchedFaces": left_out, "FaceModelVersion": MODEL_VERSION}
    if not good:
        return answer
    matches = matching(collection, good[0], request.get("UserMatchThreshold", DEFAULT_THRESHOLD))
    return {
        **answer,
        "SearchedFace": {"FaceDetail": good[0].detail()},
        "UserMatches": matches[: request.get("MaxUsers", MOST_USERS)],
    }


def matching(collection: Collection, face: SeenFace, threshold: float) -> list[Json]:
    """The `UserMatch` of each user who has a face and is similar enough. Users without one have nothing that
    a face could be compared with.
    """
    found = [
        (face.likeness(user.user_id), user)
        for user in collection.users.values()
        if collection.faces_of(user.user_id)
    ]
    return [
        {"Similarity": likeness, "User": {"UserId": user.user_id, "UserStatus": collection.status(user)}}
        for likeness, user in sorted(found, key=lambda match: (-match[0], match[1].key))
        if likeness >= threshold
    ]
