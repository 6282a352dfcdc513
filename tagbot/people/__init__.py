"""People in photos: what a name is, and which names are one person's."""
