"""FaceTag: a team names the faces in its photos, in Slack."""
