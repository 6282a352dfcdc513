"""Backing up what the bot keeps on this machine, as it was at one moment, while it runs.

The order makes it fit together. Photos in the inbox are copied first: one that is taken over meanwhile is
there twice then, and known. At the moment itself nothing can be written to the database or to a queue, and
what has come to the inbox since is opened. Pictures follow: each of them is stored before the row that names
it. So what is restored is what a bot finds that was killed at that moment.
"""
