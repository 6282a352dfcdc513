"""Who calls: AWS Signature Version 4, checked with botocore's own signer.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
"""

import hmac
import re
from collections.abc import Mapping

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.rekognition.errors import RekognitionError
from tests.rekognition.state import REGION

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, "
    r"SignedHeaders=(?P<headers>[^,]+), Signature=(?P<signature>[0-9a-f]{64})"
)
NEEDED = {"host", "x-amz-date", "x-amz-target"}
"""Headers that must be signed; the content type need not be."""


def check_signature(url: str, headers: Mapping[str, str], body: bytes, secrets: Mapping[str, str]) -> None:
    """Whether a request is signed with the secret of a known access key."""
    authorization = headers.get("Authorization")
    if not authorization:
        raise RekognitionError("MissingAuthenticationTokenException")
    claim = AUTHORIZATION.fullmatch(authorization)
    if claim is None:
        raise RekognitionError("IncompleteSignatureException", f"Not a signature: '{authorization}'")
    if claim["key"] not in secrets:
        raise RekognitionError("UnrecognizedClientException")
    check_scope(claim)
    names = claim["headers"].split(";")
    signed = {name: headers.get(name, "") for name in names}
    expected = signature(url, signed, body, Credentials(claim["key"], secrets[claim["key"]]))
    if not NEEDED.issubset(names) or not hmac.compare_digest(expected, claim["signature"]):
        raise RekognitionError("InvalidSignatureException")


def check_scope(claim: re.Match[str]) -> None:
    """Whether a signature is meant for this service, here."""
    for what, right in (("region", REGION), ("service", "rekognition")):
        if claim[what] != right:
            raise RekognitionError(
                "InvalidSignatureException", f"Credential should be scoped to a valid {what}."
            )


def signature(url: str, headers: Mapping[str, str], body: bytes, credentials: Credentials) -> str:
    """What the signature of this request has to be."""
    signer = SigV4Auth(credentials, "rekognition", REGION)
    request = AWSRequest(method="POST", url=url, headers=dict(headers), data=body)
    request.context["timestamp"] = headers.get("x-amz-date", "")
    return str(signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request))
