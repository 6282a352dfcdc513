"""FaceTag: a team names the faces in its photos, in Slack."""

__version__ = "0.1.0"
"""As in pyproject.toml."""
