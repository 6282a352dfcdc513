"""`make bench`: what the bot does, measured beside what one would pick instead and beside the physical limit.

Nothing in here is part of the bot.
"""
