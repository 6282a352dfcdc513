"""Whatever the documents say happens when something fails, a test shows: each row names its own."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.documents.generated import ROOT


class Shown(NamedTuple):
    """The tests of a row, by cell; those of one cell show it together."""

    happens: tuple[str, ...]
    told: tuple[str, ...]


def both(*tests: str) -> Shown:
    """Tests that show what happens and who is told of it."""
    return Shown(tests, tests)


SHOWN_BY: dict[str, dict[str, Shown]] = {
    "README.md": {
        "the bot crashes": both(
            "crash/test_crash.py::test_a_bot_that_is_killed_at_random_loses_nothing_and_repeats_nothing",
            "crash/test_points.py::test_neither_does_a_bot_that_is_killed_just_after_what_matters_most",
            "crash/test_points.py::test_deaths_there_lose_nothing_and_repeat_nothing",
        ),
        "Slack is away": Shown(
            (
                "test_main.py::test_photos_are_taken_in_while_slack_is_away_and_asked_about_once_it_is_there",
                "stages/test_store_face_tag_sql.py::test_an_answer_is_kept_while_slack_cannot_say_who_was_chosen",
                "stages/test_store_face_tag_sql.py::test_an_answer_that_was_put_off_is_stored_when_slack_is_back",
            ),
            ("test_presence.py::test_what_has_failed_at_slack_is_told_since_when_until_it_works_again",),
        ),
        "something keeps failing": Shown(
            (
                "scenario/test_failures.py::test_a_stage_that_always_fails_ends_in_the_dead_letters_until_retry",
                "test_worker.py::test_the_usual_backoff_takes_about_an_hour_in_all",
            ),
            (
                "scenario/test_failures.py::test_a_stage_that_always_fails_ends_in_the_dead_letters_until_retry",
            ),
        ),
        "the disk is full": Shown(
            (
                "commands/test_disk_trouble.py::test_on_a_full_disk_clicks_are_acknowledged_and_nothing_is_lost_and_with_room_again_it_goes_on",
            ),
            (
                "commands/test_disk_trouble.py::test_on_a_full_disk_clicks_are_acknowledged_and_nothing_is_lost_and_with_room_again_it_goes_on",
                "test_worker.py::test_whatever_keeps_a_stage_from_its_messages_is_tried_again_and_told_once",
            ),
        ),
        "a queue's file is damaged": Shown(
            (
                "commands/test_disk_trouble.py::test_with_a_damaged_queue_file_all_else_goes_on_and_everybody_is_told_which_and_what_to_do",
                "queues/test_disk.py::test_a_file_that_another_program_holds_at_the_start_is_taken_up_once_it_lets_go",
            ),
            (
                "commands/test_disk_trouble.py::test_with_a_damaged_queue_file_all_else_goes_on_and_everybody_is_told_which_and_what_to_do",
                "commands/test_check.py::test_a_part_that_fails_says_how_to_mend_it",
            ),
        ),
        "the database is damaged": both(
            "commands/test_disk_trouble.py::test_a_database_that_cannot_be_used_is_one_line_that_says_what_to_do",
            "commands/test_disk_trouble.py::test_a_database_that_another_program_holds_is_one_line_that_says_so",
        ),
        "a database server is away": Shown(
            (
                "scenario/test_database_away.py::test_clicks_are_acknowledged_meanwhile_and_everything_ends_well",
            ),
            (
                "scenario/test_database_away.py::test_clicks_are_acknowledged_meanwhile_and_everything_ends_well",
                "test_postgresql.py::test_who_is_not_let_in_is_told_why_and_what_to_do_without_the_password",
            ),
        ),
        "a stage hangs": Shown(
            ("test_hands.py::test_a_stage_that_hangs_is_in_the_status_and_in_the_log",),
            (
                "test_hands.py::test_a_stage_that_hangs_is_in_the_status_and_in_the_log",
                "test_hands.py::test_what_has_been_in_hand_for_two_minutes_is_known_by_stage_message_and_time",
            ),
        ),
        "the bot is gone": Shown(
            ("crash/test_crash.py::test_a_bot_that_is_killed_at_random_loses_nothing_and_repeats_nothing",),
            (
                "sandbox/test_people.py::test_without_a_connection_an_act_fails_and_is_not_kept",
                "test_presence.py::test_a_bot_that_falls_silent_is_told_with_what_to_do",
            ),
        ),
        "anything fails for more than ten": both(
            "test_hold_up.py::test_the_channel_hears_once_that_tagging_is_held_up_and_once_that_it_goes_on"
        ),
        "a photo cannot be used": both(
            "scenario/test_failures.py::test_each_kind_of_bad_input_is_refused_with_its_reason_and_the_good_photo_goes_through"
        ),
        "a face is too blurred": both(
            "stages/test_cleanup_tag.py::test_a_picture_that_is_too_blurred_ends_as_a_rejected_face"
        ),
        "people do not agree": both(
            "stages/test_send_face_for_training.py::test_people_who_differ_keep_the_request_open_and_it_says_so",
            "test_schedule.py::test_a_request_that_nobody_finishes_in_time_is_closed_and_says_so",
        ),
        "a setting is wrong": both(
            "test_main.py::test_without_settings_nothing_starts_and_each_problem_has_a_line"
        ),
    },
    "docs/architecture.md": {
        "a photo is broken": both(
            "scenario/test_failures.py::test_each_kind_of_bad_input_is_refused_with_its_reason_and_the_good_photo_goes_through"
        ),
        "the disk of the inbox": Shown(
            (
                "test_inbox.py::test_a_folder_that_is_away_is_tried_again",
                "test_worker.py::test_a_stage_that_never_gives_up_has_no_dead_letters",
            ),
            ("test_worker.py::test_whatever_keeps_a_stage_from_its_messages_is_tried_again_and_told_once",),
        ),
        "no face is found": Shown(
            ("stages/test_detect_faces.py::test_a_photo_without_a_face_is_kept_and_counted",),
            ("test_status.py::test_photos_without_faces_are_counted",),
        ),
        "the recogniser crashes": Shown(
            (
                "training/test_children.py::test_a_call_that_hangs_is_ended_and_the_next_one_works",
                "training/test_children.py::test_a_process_that_dies_is_replaced",
            ),
            ("test_worker.py::test_a_busy_world_delays_a_message_and_says_why",),
        ),
        "the recogniser cannot use": both(
            "stages/test_cleanup_tag.py::test_a_picture_that_is_too_blurred_ends_as_a_rejected_face"
        ),
        "Amazon Rekognition is busy": Shown(
            (
                "training/test_rekognition_faults.py::test_what_goes_wrong_while_a_face_is_trained_costs_another_attempt_and_nothing_else",
                "training/test_rekognition.py::test_every_attempt_sends_the_same_bytes_under_the_same_id_and_tokens_also_after_a_restart",
            ),
            ("test_presence.py::test_what_has_failed_at_the_training_backend_is_told_until_it_answers",),
        ),
        "AWS denies": Shown(
            (
                "training/test_rekognition.py::test_a_permission_that_is_missing_for_long_makes_dead_letters_that_retry_brings_back",
                "training/test_rekognition.py::test_wrong_credentials_say_what_to_check",
            ),
            (
                "training/test_rekognition.py::test_a_missing_permission_is_told_once_and_when_it_is_there_nobody_has_to_do_anything_again",
                "commands/test_reconcile.py::test_check_names_the_permission_that_is_missing_and_prints_the_policy",
            ),
        ),
        "the collection at AWS": both(
            "training/test_rekognition.py::test_a_collection_that_vanishes_is_made_again_with_its_users_and_the_operator_is_told"
        ),
        "people and Amazon Rekognition differ": Shown(
            (
                "training/test_rekognition.py::test_when_the_machine_finds_a_face_too_unlike_people_win_and_nothing_of_it_stays",
            ),
            (
                "stages/test_send_face_for_training.py::test_when_people_and_machine_differ_people_win_and_the_message_says_so",
            ),
        ),
        "Slack limits our pace": Shown(
            ("slack/test_client.py::test_a_limited_method_is_left_alone_and_the_others_go_on",),
            ("test_presence.py::test_what_has_failed_at_slack_is_told_since_when_until_it_works_again",),
        ),
        "Slack does not answer a post": Shown(
            (
                "stages/test_request_tagging_on_slack.py::test_a_post_that_hangs_is_given_up_and_looked_for",
                "stages/test_request_tagging_on_slack.py::test_a_post_whose_outcome_is_unknown_is_looked_for_before_it_is_repeated",
            ),
            ("test_worker.py::test_a_busy_world_delays_a_message_and_says_why",),
        ),
        "Slack does not answer an update": Shown(
            (
                "test_schedule.py::test_a_change_that_slack_was_not_told_of_is_shown",
                "slack/test_updates.py::test_what_nobody_waits_for_is_caught_up_too",
            ),
            ("slack/test_updates.py::test_who_waits_learns_that_it_failed_and_it_is_caught_up_later",),
        ),
        "an uploaded picture": both("slack/test_client.py::test_a_picture_that_is_not_ready_is_waited_for"),
        "a scope, a membership": Shown(
            (
                "scenario/test_failures.py::test_a_stage_that_always_fails_ends_in_the_dead_letters_until_retry",
                "test_worker.py::test_the_usual_backoff_takes_about_an_hour_in_all",
            ),
            (
                "scenario/test_failures.py::test_a_stage_that_always_fails_ends_in_the_dead_letters_until_retry",
                "commands/test_check.py::test_a_part_that_fails_says_how_to_mend_it",
            ),
        ),
        "Slack refuses a token": both(
            "test_main.py::test_a_token_that_slack_refuses_ends_the_bot_naming_the_variable"
        ),
        "one connection to Slack breaks": both(
            "slack/test_socket.py::test_while_one_of_the_connections_ends_the_other_goes_on"
        ),
        "all connections to Slack": both(
            "slack/test_socket.py::test_when_slack_was_unreachable_people_are_answered_soon_after"
        ),
        "Slack renews": both(
            "slack/test_socket.py::test_a_renewal_opens_the_new_connection_while_the_old_one_still_serves"
        ),
        "Socket Mode is switched off": both(
            "slack/test_socket.py::test_when_socket_mode_is_switched_off_the_operator_is_told_once_and_slack_is_left_in_peace"
        ),
        "an answer cannot be stored": both(
            "handlers/test_fallbacks.py::test_a_full_disk_is_told_to_the_tagger_and_slack_is_acknowledged"
        ),
        "the disk is full": Shown(
            (
                "commands/test_disk_trouble.py::test_on_a_full_disk_clicks_are_acknowledged_and_nothing_is_lost_and_with_room_again_it_goes_on",
                "test_worker.py::test_a_database_that_the_disk_refuses_delays_a_message",
            ),
            ("test_worker.py::test_whatever_keeps_a_stage_from_its_messages_is_tried_again_and_told_once",),
        ),
        "the file of a queue is locked": Shown(
            (
                "queues/test_disk.py::test_a_put_gives_up_on_a_busy_file_before_slack_does_whoever_else_waits_for_it",
            ),
            (
                "handlers/test_fallbacks.py::test_a_queue_that_somebody_else_writes_to_for_long_still_leaves_time_to_acknowledge",
                "test_worker.py::test_whatever_keeps_a_stage_from_its_messages_is_tried_again_and_told_once",
            ),
        ),
        "the file of a queue is damaged": Shown(
            (
                "commands/test_disk_trouble.py::test_with_a_damaged_queue_file_all_else_goes_on_and_everybody_is_told_which_and_what_to_do",
                "queues/test_disk.py::test_a_file_that_another_program_holds_at_the_start_is_taken_up_once_it_lets_go",
            ),
            (
                "commands/test_disk_trouble.py::test_with_a_damaged_queue_file_all_else_goes_on_and_everybody_is_told_which_and_what_to_do",
                "commands/test_check.py::test_a_part_that_fails_says_how_to_mend_it",
            ),
        ),
        "a row of a queue": both(
            "queues/test_disk.py::test_unreadable_rows_become_dead_letters_as_they_are_and_hold_up_nobody"
        ),
        "the database is damaged": both(
            "commands/test_disk_trouble.py::test_a_database_that_cannot_be_used_is_one_line_that_says_what_to_do",
            "commands/test_disk_trouble.py::test_a_database_that_another_program_holds_is_one_line_that_says_so",
            "commands/test_disk_trouble.py::test_a_disk_that_may_not_be_written_to_is_one_line_and_no_crash",
        ),
        "a database server is away": Shown(
            (
                "scenario/test_database_away.py::test_clicks_are_acknowledged_meanwhile_and_everything_ends_well",
            ),
            (
                "scenario/test_database_away.py::test_clicks_are_acknowledged_meanwhile_and_everything_ends_well",
                "test_postgresql.py::test_who_is_not_let_in_is_told_why_and_what_to_do_without_the_password",
            ),
        ),
        "a database server on which": both(
            "test_postgresql.py::test_a_server_on_which_a_commit_may_get_lost_is_refused"
        ),
        "a stage hangs": Shown(
            ("test_hands.py::test_what_has_been_in_hand_for_two_minutes_is_known_by_stage_message_and_time",),
            (
                "test_hands.py::test_the_log_hears_once_that_a_stage_hangs_and_once_that_it_came_back",
                "test_hands.py::test_a_stage_that_hangs_is_in_the_status_and_in_the_log",
            ),
        ),
        "the bot is gone": Shown(
            ("crash/test_crash.py::test_a_bot_that_is_killed_at_random_loses_nothing_and_repeats_nothing",),
            (
                "sandbox/test_people.py::test_without_a_connection_an_act_fails_and_is_not_kept",
                "test_presence.py::test_a_bot_that_falls_silent_is_told_with_what_to_do",
            ),
        ),
        "Amazon SQS or S3 does not": both(
            "queues/test_sqs.py::test_while_sqs_is_away_each_get_says_so_and_then_it_goes_on_by_itself"
        ),
        "one of several bots dies": Shown(
            (
                "test_several_bots.py::test_a_bot_that_dies_holds_nobody_up",
                "queues/test_sqs.py::test_what_a_bot_cannot_get_on_with_another_one_gets",
            ),
            ("test_presence.py::test_a_bot_that_falls_silent_is_told_with_what_to_do",),
        ),
        "a bot is started beside another": both(
            "test_several_bots.py::test_a_bot_does_not_start_beside_another_whose_queues_it_cannot_see"
        ),
        "anything fails for more than ten": both(
            "test_hold_up.py::test_the_channel_hears_once_that_tagging_is_held_up_and_once_that_it_goes_on"
        ),
        "somebody answers about a closed": both(
            "stages/test_store_face_tag_sql.py::test_an_answer_clicked_after_closing_is_told_so_and_changes_nothing"
        ),
        "somebody picks a bot": both(
            "stages/test_store_face_tag_sql.py::test_who_is_no_active_person_cannot_be_chosen"
        ),
        "the request was deleted": both(
            "slack/test_updates.py::test_a_message_that_somebody_deleted_is_left_alone"
        ),
        "the bot is killed": Shown(
            (
                "crash/test_points.py::test_deaths_there_lose_nothing_and_repeat_nothing",
                "crash/test_points.py::test_neither_does_a_bot_that_is_killed_just_after_what_matters_most",
                "test_schedule.py::test_what_is_mended_ends_well",
            ),
            ("test_schedule.py::test_what_a_crash_left_half_done_is_sent_on_once",),
        ),
        "one message crashes the bot": both(
            "queues/test_disk.py::test_a_message_in_hand_at_too_many_crashes_becomes_a_dead_letter"
        ),
        "a second bot": both(
            "test_main.py::test_a_second_bot_is_refused_and_the_first_finishes_what_it_has_in_hand"
        ),
    },
}
"""By document: how a row begins, and the tests that show what it says."""


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
    named = {test for rows in SHOWN_BY.values() for row in rows.values() for tests in row for test in tests}
    assert sorted(named - {f"{file}::{test}" for file in files(named) for test in names_in(file)}) == []


def test_no_cell_is_without_a_test() -> None:
    assert [begin for rows in SHOWN_BY.values() for begin, row in rows.items() if not all(row)] == []


def files(named: set[str]) -> set[str]:
    return {name.partition("::")[0] for name in named}


def names_in(file: str) -> list[str]:
    path = Path(ROOT / "tests" / file)
    return re.findall(r"^def (\w+)", path.read_text(), re.MULTILINE) if path.exists() else []
