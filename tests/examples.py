"""With how many examples a property is tried: few in `make quick`, a hundred in `make test`, many in CI."""

import os

from hypothesis import settings

QUICK, USUAL, MANY = 10, 100, 300


def load_profile(*, quick: bool) -> None:
    """Choose how many. A busy machine may take long over any of them: there is no deadline."""
    if quick:
        settings.register_profile("facetag", max_examples=QUICK, deadline=None)
    elif os.environ.get("CI"):  # Hypothesis's own profile for it has the same examples each time
        settings.register_profile("facetag", settings.get_profile("ci"), max_examples=MANY)
    else:
        settings.register_profile("facetag", max_examples=USUAL, deadline=None)
    settings.load_profile("facetag")


def examples(out_of_hundred: int) -> int:
    """For a property each of whose examples takes long: so many where others are tried with a hundred."""
    return max(1, settings().max_examples * out_of_hundred // USUAL)
