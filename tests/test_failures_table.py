"""Whatever the documents say happens when something fails, a test shows: each row names its own."""

import ast
import re
from pathlib import Path

import pytest

from tests.documents.generated import ROOT

SHOWN_BY: dict[str, dict[str, str]] = {
    "README.md": {
        "the bot crashes": "crash/test_points.py::test_a_death_there_loses_nothing_and_repeats_nothing",
        "Slack is away": "test_main.py::"
        "test_photos_are_taken_in_while_slack_is_away_and_asked_about_once_it_is_there",
        "something keeps failing": "scenario/test_failures.py::"
        "test_a_stage_that_always_fails_ends_in_the_dead_letters_until_retry",
        "the disk is full": "commands/test_disk_trouble.py::test_on_a_full_disk_clicks_are_acknowledged_and_"
        "nothing_is_lost_and_with_room_again_it_goes_on",
        "a queue's file is damaged": "commands/test_disk_trouble.py::test_with_a_damaged_queue_file_all_else_"
        "goes_on_and_everybody_is_told_which_and_what_to_do",
        "the database is damaged": "commands/test_disk_trouble.py::"
        "test_a_database_that_cannot_be_used_is_one_line_that_says_what_to_do",
        "a database server is away": "scenario/test_database_away.py::"
        "test_clicks_are_acknowledged_meanwhile_and_everything_ends_well",
        "a stage hangs": "test_hands.py::test_a_stage_that_hangs_is_in_the_status_and_in_the_log",
        "the bot is gone": "test_presence.py::test_a_bot_that_falls_silent_is_told_with_what_to_do",
        "anything fails for more than ten": "test_hold_up.py::"
        "test_the_channel_hears_once_that_tagging_is_held_up_and_once_that_it_goes_on",
        "a photo cannot be used": "scenario/test_failures.py::"
        "test_each_kind_of_bad_input_is_refused_with_its_reason_and_the_good_photo_goes_through",
        "a face is too blurred": "stages/test_cleanup_tag.py::"
        "test_a_picture_that_is_too_blurred_ends_as_a_rejected_face",
        "people do not agree": "stages/test_send_face_for_training.py::"
        "test_people_who_differ_keep_the_request_open_and_it_says_so",
        "a setting is wrong": "test_main.py::"
        "test_without_settings_nothing_starts_and_each_problem_has_a_line",
    },
    "docs/architecture.md": {
        "a photo is broken": "scenario/test_failures.py::"
        "test_each_kind_of_bad_input_is_refused_with_its_reason_and_the_good_photo_goes_through",
        "the disk of the inbox": "test_inbox.py::test_a_folder_that_is_away_is_tried_again",
        "no face is found": "stages/test_detect_faces.py::test_a_photo_without_a_face_is_kept_and_counted",
        "the recogniser crashes": "training/test_children.py::"
        "test_a_call_that_hangs_is_ended_and_the_next_one_works",
        "the recogniser cannot use": "stages/test_cleanup_tag.py::"
        "test_a_picture_that_is_too_blurred_ends_as_a_rejected_face",
        "Amazon Rekognition is busy": "training/test_rekognition_faults.py::"
        "test_what_goes_wrong_while_a_face_is_trained_costs_another_attempt_and_nothing_else",
        "AWS denies": "training/test_rekognition.py::"
        "test_a_permission_that_is_missing_for_long_makes_dead_letters_that_retry_brings_back",
        "the collection at AWS": "training/test_rekognition.py::"
        "test_a_collection_that_vanishes_is_made_again_with_its_users_and_the_operator_is_told",
        "people and Amazon Rekognition differ": "training/test_rekognition.py::"
        "test_when_the_machine_finds_a_face_too_unlike_people_win_and_nothing_of_it_stays",
        "Slack limits our pace": "slack/test_client.py::"
        "test_a_limited_method_is_left_alone_and_the_others_go_on",
        "Slack does not answer a post": "stages/test_request_tagging_on_slack.py::"
        "test_a_post_that_hangs_is_given_up_and_looked_for",
        "Slack does not answer an update": "test_schedule.py::"
        "test_a_change_that_slack_was_not_told_of_is_shown",
        "an uploaded picture": "slack/test_client.py::test_a_picture_that_is_not_ready_is_waited_for",
        "a scope, a membership": "scenario/test_failures.py::"
        "test_a_stage_that_always_fails_ends_in_the_dead_letters_until_retry",
        "Slack refuses a token": "test_main.py::"
        "test_a_token_that_slack_refuses_ends_the_bot_naming_the_variable",
        "one connection to Slack breaks": "slack/test_socket.py::"
        "test_while_one_of_the_connections_ends_the_other_goes_on",
        "all connections to Slack": "slack/test_socket.py::"
        "test_when_slack_was_unreachable_people_are_answered_soon_after",
        "Slack renews": "slack/test_socket.py::"
        "test_a_renewal_opens_the_new_connection_while_the_old_one_still_serves",
        "Socket Mode is switched off": "slack/test_socket.py::"
        "test_when_socket_mode_is_switched_off_the_operator_is_told_once_and_slack_is_left_in_peace",
        "an answer cannot be stored": "handlers/test_fallbacks.py::"
        "test_a_full_disk_is_told_to_the_tagger_and_slack_is_acknowledged",
        "the disk is full": "commands/test_disk_trouble.py::test_on_a_full_disk_clicks_are_acknowledged_and_"
        "nothing_is_lost_and_with_room_again_it_goes_on",
        "the file of a queue": "commands/test_disk_trouble.py::test_with_a_damaged_queue_file_all_else_goes_"
        "on_and_everybody_is_told_which_and_what_to_do",
        "a row of a queue": "queues/test_disk.py::"
        "test_unreadable_rows_become_dead_letters_as_they_are_and_hold_up_nobody",
        "the database is damaged": "commands/test_disk_trouble.py::"
        "test_a_database_that_cannot_be_used_is_one_line_that_says_what_to_do",
        "a database server is away": "scenario/test_database_away.py::"
        "test_clicks_are_acknowledged_meanwhile_and_everything_ends_well",
        "a database server on which": "test_postgresql.py::"
        "test_a_server_on_which_a_commit_may_get_lost_is_refused",
        "a stage hangs": "test_hands.py::test_a_stage_that_hangs_is_in_the_status_and_in_the_log",
        "the bot is gone": "test_presence.py::test_a_bot_that_falls_silent_is_told_with_what_to_do",
        "Amazon SQS or S3 does not": "queues/test_sqs.py::"
        "test_while_sqs_is_away_each_get_says_so_and_then_it_goes_on_by_itself",
        "one of several bots dies": "queues/test_sqs.py::"
        "test_a_message_in_hand_at_too_many_crashes_becomes_a_dead_letter",
        "a bot is started beside another": "test_several_bots.py::"
        "test_a_bot_does_not_start_beside_another_whose_queues_it_cannot_see",
        "anything fails for more than ten": "test_hold_up.py::"
        "test_the_channel_hears_once_that_tagging_is_held_up_and_once_that_it_goes_on",
        "somebody answers about a closed": "stages/test_store_face_tag_sql.py::"
        "test_an_answer_clicked_after_closing_is_told_so_and_changes_nothing",
        "somebody picks a bot": "stages/test_store_face_tag_sql.py::"
        "test_who_is_no_active_person_cannot_be_chosen",
        "the request was deleted": "slack/test_updates.py::"
        "test_a_message_that_somebody_deleted_is_left_alone",
        "the bot is killed": "crash/test_points.py::test_a_death_there_loses_nothing_and_repeats_nothing",
        "one message crashes the bot": "queues/test_disk.py::"
        "test_a_message_in_hand_at_too_many_crashes_becomes_a_dead_letter",
        "a second bot": "test_main.py::"
        "test_a_second_bot_is_refused_and_the_first_finishes_what_it_has_in_hand",
    },
}
"""By document: how a row begins, and the test that shows what it says."""


def rows(document: str) -> list[str]:
    """What fails, according to the document's table."""
    table = re.search(
        r"^\| what fails \|.*\n\| -[-| ]*\n((?:\|.*\n)+)", (ROOT / document).read_text(), re.MULTILINE
    )
    assert table is not None
    return [line.split("|")[1].strip() for line in table[1].splitlines()]


@pytest.mark.parametrize("document", SHOWN_BY)
def test_each_row_has_its_test_and_each_test_its_row(document: str) -> None:
    found = {row: [begin for begin in SHOWN_BY[document] if row.startswith(begin)] for row in rows(document)}
    assert found
    assert {row: begins for row, begins in found.items() if len(begins) != 1} == {}
    assert sum(map(len, found.values())) == len(SHOWN_BY[document]), "a test of a row that is gone"


def test_the_tests_that_are_named_exist() -> None:
    named = {name for tests in SHOWN_BY.values() for name in tests.values()}
    assert sorted(named - {f"{file}::{test}" for file in files(named) for test in names_in(file)}) == []


def files(named: set[str]) -> set[str]:
    return {name.partition("::")[0] for name in named}


def names_in(file: str) -> list[str]:
    path = Path(ROOT / "tests" / file)
    tree = ast.parse(path.read_text()) if path.exists() else ast.Module([], [])
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
