"""The two ways in which work on a message fails without being a bug."""


class Retry(Exception):  # noqa: N818 - it says what to do, which is not an error's name
    """The world is busy: the same message may succeed later."""

    def __init__(self, reason: str, *, after: float | None = None) -> None:
        """`reason` is for the operator, without names or secrets; `after` are the seconds that the other
        side asked us to wait (`Retry-After`), None where the usual backoff decides.
        """
        super().__init__(reason)
        self.reason = reason
        self.after = after


class Reject(Exception):  # noqa: N818 - as above
    """This message can never work, however often it is tried."""

    def __init__(self, reason: str) -> None:
        """`reason` is for the operator, without names or secrets."""
        super().__init__(reason)
        self.reason = reason
