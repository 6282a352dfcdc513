"""The stand-in for Slack, tested with Slack's own SDK."""
