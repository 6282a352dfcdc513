"""The environment of the programs that tests start."""

import os

from tagbot.settings import variables

NO_AWS = {
    "AWS_CONFIG_FILE": "/nowhere/at/all",
    "AWS_SHARED_CREDENTIALS_FILE": "/nowhere/at/all",
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""What leads to no account at Amazon."""


def clean_environment(**settings: str) -> dict[str, str]:
    """Ours with these settings, and with nothing else that a bot reads: what whoever runs the tests has set
    for a bot or an account of their own changes no test.
    """
    ours = {variable.name for _, variable in variables()}
    kept = {
        name: value for name, value in os.environ.items() if name not in ours and not name.startswith("AWS_")
    }
    return {**kept, **NO_AWS, **settings}
