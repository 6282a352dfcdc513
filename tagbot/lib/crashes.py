"""When a message is taken for the cause of crashes."""

MAX_CRASHES = 5
"""A message that was in flight at so many crashes in a row is taken for their cause and buried: one message
must not keep the bot from starting. Several, as workers run side by side and all but one of the messages in
flight are innocent."""

CRASHED = f"the bot crashed {MAX_CRASHES} times while it worked on this"
"""Why such a message is buried."""
