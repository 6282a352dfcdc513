"""Knows no faces: what any program with queues, logs and locks could use."""
