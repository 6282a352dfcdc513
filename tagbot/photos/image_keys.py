"""Under which keys the image store keeps a photo and its faces."""


def photo_key(sha256: str) -> str:
    """A whole photo."""
    return f"photos/{sha256}.jpg"


def crop_key(face_id: str) -> str:
    """A face, as the training backend gets it."""
    return f"faces/{face_id}/crop.jpg"


def context_key(face_id: str) -> str:
    """A face's surroundings."""
    return f"faces/{face_id}/context.jpg"
