"""Upgrading the schema: the steps in `migrations/`, each run once, in the order of their numbers.

playhouse keeps the names of the steps that were run in the table `schema_migration`, so they are never
renamed.
"""

from pathlib import Path
from typing import Any

from playhouse import migrations

from tagbot.database.outages import DatabaseUnusable

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade_schema(which: Any) -> None:
    """Run the steps that the database, an `Engine`, lacks. Raises `DatabaseUnusable` where a newer version
    ran more.
    """
    runner = migrations.Runner(which, directory=str(MIGRATIONS))
    steps = runner.status()
    unknown = [step.name for step in steps if step.path is None]
    if unknown:
        raise DatabaseUnusable(
            f"a newer version of FaceTag has changed it ({', '.join(unknown)}): run that one, or a later one"
        )
    if not all(step.applied for step in steps):
        with which.migrating():
            runner.up()
