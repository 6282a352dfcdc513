"""“Forget me” and “Do not tag me”: on the queue before Slack hears that the click arrived, and then done."""

import pytest

from tagbot.database.models.forgettings import Forgetting
from tagbot.database.models.opt_outs import OptOut
from tagbot.database.models.people import Person
from tagbot.messages import ForgetAsked
from tagbot.slack import person_words
from tests.handlers.conftest import Desk
from tests.handlers.test_own_rights import me, press
from tests.handlers.test_wrong_person import tagged


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
