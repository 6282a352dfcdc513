"""What is measured, one figure a module, each with a `NAME`, a `NOTE` on what is the same on both sides, and
`measure`, which gives lines of the table.
"""

from bench.figures import calls, click, growth, hop, intake, messages, posts, startup

FIGURES = {each.NAME: each for each in (messages, hop, click, intake, posts, startup, growth, calls)}
