"""Photos on their way in: inboxes, sidecars, decoding and cropping, and the store of pictures."""
