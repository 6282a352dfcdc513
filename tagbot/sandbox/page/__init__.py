"""The page: a small Slack in the browser, in front of the stand-in and a bot of its own."""
