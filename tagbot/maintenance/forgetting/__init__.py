"""Forgetting a person: everything that says who they are or shows their face goes, and that is proved."""
