"""That nothing takes longer for many faces: counts that are kept, and indexes that are used."""

from typing import Any

from peewee import CharField, Database, IntegerField, Model, SqliteDatabase

# Triggers, because nothing gets past them: neither a part of the bot that is written later nor an operator's
# own SQL. They count in the transaction that changes the rows.
SQLITE = (
    """CREATE TRIGGER face_stored AFTER INSERT ON face BEGIN
        UPDATE tally SET count = count + 1 WHERE what = NEW.state; END""",
    """CREATE TRIGGER face_moved AFTER UPDATE OF state ON face WHEN OLD.state <> NEW.state BEGIN
        UPDATE tally SET count = count - 1 WHERE what = OLD.state;
        UPDATE tally SET count = count + 1 WHERE what = NEW.state; END""",
    """CREATE TRIGGER face_deleted AFTER DELETE ON face BEGIN
        UPDATE tally SET count = count - 1 WHERE what = OLD.state; END""",
    """CREATE TRIGGER photo_stored AFTER INSERT ON photo WHEN NEW.faces_found = 0 BEGIN
        UPDATE tally SET count = count + 1 WHERE what = 'empty photo'; END""",
    """CREATE TRIGGER photo_deleted AFTER DELETE ON photo WHEN OLD.faces_found = 0 BEGIN
        UPDATE tally SET count = count - 1 WHERE what = 'empty photo'; END""",
    """CREATE TRIGGER photo_changed AFTER UPDATE OF faces_found ON photo BEGIN
        UPDATE tally SET count = count + (NEW.faces_found = 0) - (OLD.faces_found = 0)
        WHERE what = 'empty photo'; END""",
)
POSTGRESQL = (
    """CREATE FUNCTION tally_face() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP <> 'INSERT' THEN UPDATE tally SET count = count - 1 WHERE what = OLD.state; END IF;
        IF TG_OP <> 'DELETE' THEN UPDATE tally SET count = count + 1 WHERE what = NEW.state; END IF;
        RETURN NULL; END $$""",
    """CREATE TRIGGER face_stored AFTER INSERT OR DELETE ON face
        FOR EACH ROW EXECUTE FUNCTION tally_face()""",
    """CREATE TRIGGER face_moved AFTER UPDATE OF state ON face
        FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION tally_face()""",
    """CREATE FUNCTION tally_photo() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP <> 'INSERT' AND OLD.faces_found = 0 THEN
            UPDATE tally SET count = count - 1 WHERE what = 'empty photo'; END IF;
        IF TG_OP <> 'DELETE' AND NEW.faces_found = 0 THEN
            UPDATE tally SET count = count + 1 WHERE what = 'empty photo'; END IF;
        RETURN NULL; END $$""",
    """CREATE TRIGGER photo_stored AFTER INSERT OR DELETE OR UPDATE OF faces_found ON photo
        FOR EACH ROW EXECUTE FUNCTION tally_photo()""",
)

FROM_NOW = (
    *(
        f"INSERT INTO tally SELECT '{state}', count(*) FROM face WHERE state = '{state}'"  # noqa: S608 - no stranger's text
        for state in ("waiting", "open", "training", "tagged", "rejected")
    ),
    "INSERT INTO tally SELECT 'empty photo', count(*) FROM photo WHERE faces_found = 0",
)

INDEXES = (
    # With the state first, or SQLite takes the index of all faces in that state, and reads them.
    "DROP INDEX face_stale",
    "DROP INDEX face_posting",
    "DROP INDEX face_pending",
    "CREATE INDEX face_stale ON face (state, id) WHERE shown_revision < revision",
    "CREATE INDEX face_posting ON face (state, id) WHERE posting_since IS NOT NULL",
    "CREATE INDEX face_pending ON face (state, stored_at, id) WHERE pending IS NOT NULL",
    "CREATE INDEX face_state_tagged_at_id ON face (state, tagged_at, id)",
    "DROP INDEX face_person_id_state",
    "CREATE INDEX face_person_id_state_tagged_at ON face (person_id, state, tagged_at)",
    "CREATE INDEX person_unknown ON person (slack_id) WHERE enriched_at IS NULL",
    "DROP INDEX vote_face_id",  # the primary key begins with it
)


def up(migrator: Any, db: Database) -> None:
    """Make the table, the triggers and the indexes."""

    class Tally(Model):
        what = CharField(32, primary_key=True)
        count = IntegerField()

        class Meta:
            database = db
            legacy_table_names = False

    db.create_tables([Tally])
    triggers = SQLITE if isinstance(db, SqliteDatabase) else POSTGRESQL
    migrator.migrate(*(migrator.sql(statement) for statement in (*FROM_NOW, *triggers, *INDEXES)))
