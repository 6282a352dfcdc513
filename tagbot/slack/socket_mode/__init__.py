"""The connection by which Slack reaches the bot, which survives renewals and failures."""
