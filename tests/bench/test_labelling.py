from bench.labelling import Labelled, Sent, outcome
from tests.scenario.crowd import Shown, Tally


def test_what_it_took_is_told_for_each_face_and_what_two_taggers_took_for_somebody_else_is_told_apart() -> (
    None
):
    faces = {face_id: Shown(face_id, "U1") for face_id in ("right", "misjudged", "by one", "by nobody")}
    tagged = [
        {"face_id": face_id, "person": {"slack_id": "U1" if face_id == "right" else "U2"}}
        for face_id in faces
    ]
    tally = Tally(answers=8, clicks=16)
    tally.mistaken["misjudged"] = {"T1", "T2"}
    tally.mistaken["by one"] = {"T1"}
    tally.mistaken["right"] = {"T1", "T2"}

    found = outcome(tagged, faces, tally, Sent(posts=5, pictures=9).since(Sent(posts=1, pictures=1)))

    assert found == Labelled(answers=2, clicks=4, posts=1, pictures=2, right=50, misjudged=25)


def test_requests_about_strangers_alone_are_not_what_a_labelled_face_takes() -> None:
    """One face has two pictures, and several share one."""
    assert Sent(posts=10, pictures=14).without([1, 1, 3]) == Sent(posts=7, pictures=9)
