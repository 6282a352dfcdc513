"""AWS's error codes, by what can be done about them."""

BUSY = frozenset(
    {
        "ConditionalRequestConflict", "ConflictException", "InternalError", "InternalFailure",
        "InternalServerError", "KmsThrottled", "LimitExceededException", "OperationAborted", "OverLimit",
        "ProvisionedThroughputExceededException", "RequestThrottled", "RequestTimeout",
        "RequestTimeoutException", "ServiceUnavailable", "ServiceUnavailableException", "SlowDown",
        "Throttling", "ThrottlingException", "TooManyRequestsException",
    }
)  # fmt: skip
"""Errors that say that the same call may succeed later."""

OUR_FAULT = frozenset(
    {
        "IdempotentParameterMismatchException", "InvalidArgument", "InvalidMessageContents",
        "InvalidPaginationTokenException", "InvalidParameterException", "InvalidParameterValue",
        "InvalidRequest", "KeyTooLongError", "MissingParameter", "ValidationException",
    }
)  # fmt: skip
"""Errors that the same call will meet each time: what is sent was checked before, so they are bugs."""

DENIED = frozenset({"403", "AccessDenied", "AccessDeniedException", "Forbidden", "KmsAccessDenied"})
"""Errors that say that a permission is missing. The number is S3's answer where no text may come with one."""

CLOCK = frozenset({"RequestExpired", "RequestTimeTooSkewed"})
"""Errors that say that what was signed just now is too old, or not due yet."""

CREDENTIALS = ("AccessKey", "Client", "Credential", "Security", "Signature", "Token", "Expired")
"""In the names of the errors that say that the credentials are wrong, or old."""

CURES = {
    "Region": "the AWS region is missing or wrong: set AWS_REGION",
    **dict.fromkeys(
        ("Credential", "Token", "Profile", "Config"),
        "AWS credentials are missing: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role",
    ),
}
"""By a word in the name of botocore's exception: what the operator has to set."""
