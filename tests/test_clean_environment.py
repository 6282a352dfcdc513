import pytest

from tagbot.settings import variables
from tests.clean_environment import NO_AWS, clean_environment


def test_what_a_developer_has_set_for_a_bot_of_their_own_reaches_no_bot_of_a_test(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours = {variable.name for _, variable in variables()}
    for name in (*ours, "AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "a developer's own")
    monkeypatch.setenv("LANG", "C.UTF-8")

    env = clean_environment(REQUIRED_VOTES="2")

    assert "a developer's own" not in env.values()
    assert {name: env[name] for name in env if name in ours} == {"REQUIRED_VOTES": "2"}
    assert {name: env[name] for name in env if name.startswith("AWS_")} == NO_AWS
    assert env["LANG"] == "C.UTF-8"
