"""Each engine, by one contract."""

NAME = "face-tagging"
"""The queue that the tests use."""
