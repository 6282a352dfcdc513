"""“Forget me” and “Do not tag me”: on the queue before Slack hears that the click arrived, and then done."""

import pytest

from tagbot.database.models.forgettings import Forgetting
from tagbot.database.models.opt_outs import OptOut
from tagbot.database.models.people import Person
from tagbot.messages import ForgetAsked
from tagbot.slack import person_words, words
from tests.handlers.conftest import Desk
from tests.handlers.test_answers import open_modal
from tests.handlers.test_own_rights import me, press
from tests.handlers.test_wrong_person import tagged
from tests.maintenance.forgetting.scenes import forget
from tests.maintenance.forgetting.traces import in_files, variants
from tests.stages.scenes import votes


@pytest.mark.rule("own-rights")
@pytest.mark.parametrize("action", ["forget_me", "do_not_tag_me"])
def test_the_click_is_stored_before_slack_hears_of_it_and_the_person_goes(desk: Desk, action: str) -> None:
    face = tagged(desk.world)
    person = str(face.person and face.person.slack_id)
    shown = me(desk, person)
    desk.stored.clear()
    desk.disk_seconds = 0.1
    assert press(desk, person, shown, action) == person_words.HEARD[action]
    [(stored, at)] = desk.stored
    assert isinstance(stored, ForgetAsked)
    assert (stored.person, stored.never_again, stored.part) == (person, action == "do_not_tag_me", 0)
    act = desk.slack.acts()[-1]
    assert act.acknowledged_at is not None
    assert act.acknowledged_at >= at
    desk.world.publish(stored)
    desk.world.drain()
    assert Forgetting.get().finished_at is not None
    assert not Person.select().where(Person.slack_id == person).exists()
    assert OptOut.has(person, desk.world.services.opt_out_key) == (action == "do_not_tag_me")


@pytest.mark.rule("forget-stays")
@pytest.mark.parametrize("typed", ["their name", "their name and address", "another name"])
def test_a_form_that_was_open_meanwhile_brings_nobody_back_and_its_sender_is_told(
    desk: Desk, typed: str
) -> None:
    face, world = tagged(desk.world), desk.world
    assert face.person is not None
    person, slack_id = face.person, str(face.person.slack_id)
    still_open, anna = desk.request(), world.slack.people[0]
    view = open_modal(desk, still_open, anna)
    forget(world, slack_id)
    name = {"another name": "Zoë Moon"}.get(typed, str(person.name))
    fields = {"name": name.upper()}
    if typed == "their name and address":
        fields["email"] = str(person.email)
    desk.stored.clear()
    assert desk.slack.submit(anna, view, fields).acknowledged
    [(answer, _)] = desk.stored
    world.publish(answer)
    world.drain()
    assert votes(still_open) == {}
    assert world.told(anna)[-1] == words.FORGOTTEN_MEANWHILE, "nobody can tell any more who is meant"
    world.queues[answer.QUEUE].tidy()
    assert not list(in_files(world.settings.data_dir, {"the name": variants(name.upper())}))
    # In a form that is opened now, they may be named anew.
    desk.slack.submit(anna, open_modal(desk, still_open, anna), fields)
    world.drain()
    assert len(votes(still_open)) == 1
