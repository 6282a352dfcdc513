"""How Rekognition says no.

The words and the HTTP statuses are those of the developer guide, “Error handling”: everything is a 400 but
the service's own failures. Where the guide gives no words for an error, the service model's description of
it stands in.
"""

from collections.abc import Mapping
from typing import Any

BAD_REQUEST = 400
INTERNAL_SERVER_ERROR = 500

WORDS: Mapping[str, str] = {
    "ConflictException": "A User with the same Id already exists within the collection.",
    "IdempotentParameterMismatchException": "The ClientRequestToken you have supplied is already in use.",
    "ImageTooLargeException": "Image size is too large.",
    "InternalServerError": "Internal server error",
    "InvalidImageFormatException": "Request has invalid image format",
    "InvalidPaginationTokenException": "Invalid Pagination Token",
    "InvalidParameterException": "Request has invalid parameters",
    "InvalidS3ObjectException": (
        "Unable to get object metadata from S3. Check object key, region and/or access permissions."
    ),
    "InvalidSignatureException": (
        "The request signature we calculated does not match the signature you provided. Check your AWS "
        "Secret Access Key and signing method. Consult the service documentation for details."
    ),
    "MissingAuthenticationTokenException": "Missing Authentication Token",
    "ProvisionedThroughputExceededException": "Provisioned Rate exceeded.",
    "ResourceNotFoundException": "The resource specified in the request cannot be found.",
    "ServiceQuotaExceededException": "The size of the collection exceeds the allowed limit.",
    "ThrottlingException": "Slow down; sudden increase in rate of requests.",
    "UnrecognizedClientException": "The security token included in the request is invalid.",
}

STATUSES: Mapping[str, int] = {"InternalServerError": INTERNAL_SERVER_ERROR}


class RekognitionError(Exception):
    """An error answer: its code, its words and its HTTP status, which the code implies unless given."""

    def __init__(self, code: str, message: str | None = None, status: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.message = WORDS.get(code, "") if message is None else message
        self.status = status or STATUSES.get(code, BAD_REQUEST)

    def body(self) -> dict[str, Any]:
        """The answer as the guide prints one, without its `Logref`."""
        return {"__type": self.code, "Code": self.code, "Message": self.message}


def not_found(what: str, name: str) -> RekognitionError:
    """The error for a collection or a user that is not there."""
    return RekognitionError("ResourceNotFoundException", f"The {what} id: {name} does not exist")
