"""The database, which is the truth: opening it, the tables with their named queries, and what all bots on one
database share.
"""
