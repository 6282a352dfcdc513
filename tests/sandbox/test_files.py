import urllib.error
import urllib.request

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tagbot.sandbox.defaults import LUNCH
from tagbot.sandbox.driver import Slack

from .conftest import Upload
from .samples import GIF, JPEG, WEBP, picture, png


def code(answer: pytest.ExceptionInfo[SlackApiError]) -> str:
    return str(answer.value.response["error"])


def post_picture(slack: Slack, web: WebClient, file: str) -> None:
    web.chat_postMessage(channel=slack.channel, text="a face", blocks=[picture(file)])


def send(url: str, data: bytes, token: str = "") -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(url, data or None, headers)  # noqa: S310 - the sandbox's own address
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - the sandbox's own address
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.mark.parametrize(
    ("data", "mimetype"), [(png(), "image/png"), (JPEG, "image/jpeg"), (GIF, "image/gif")]
)
def test_a_picture_is_shown_when_it_is_ready(
    slack: Slack, web: WebClient, upload: Upload, data: bytes, mimetype: str
) -> None:
    file = upload(data)
    info = web.files_info(file=file)["file"]
    assert info["mimetype"] == mimetype
    assert info["thumb_360"]
    post_picture(slack, web, file)
    assert slack.messages()[0].blocks[0]["slack_file"] == {"id": file}


def test_the_size_of_a_picture_is_read_from_its_bytes(web: WebClient, upload: Upload) -> None:
    for data, size in ((png(64, 48), (64, 48)), (GIF, (30, 20)), (JPEG, (30, 20))):
        info = web.files_info(file=upload(data))["file"]
        assert (info["original_w"], info["original_h"]) == size


def test_a_message_with_an_unready_file_is_refused(slack: Slack, web: WebClient) -> None:
    slack.rules(file_ready_seconds=30)
    file = web.files_upload_v2(content=png(), filename="face.png")["files"][0]["id"]
    info = web.files_info(file=file)["file"]
    assert not info["mimetype"]
    assert "thumb_360" not in info
    with pytest.raises(SlackApiError) as caught:
        post_picture(slack, web, file)
    assert caught.value.response["errors"] == ["invalid slack file [json-pointer:/blocks/0/slack_file]"]


@pytest.mark.parametrize("data", [WEBP, b"just words"])
def test_what_is_no_png_jpeg_or_gif_is_not_shown(
    slack: Slack, web: WebClient, upload: Upload, data: bytes
) -> None:
    with pytest.raises(SlackApiError):
        post_picture(slack, web, upload(data))


def test_a_file_can_be_named_by_its_address(slack: Slack, web: WebClient, upload: Upload) -> None:
    info = web.files_info(file=upload())["file"]
    for url in (info["url_private"], info["permalink"]):
        block = {"type": "image", "alt_text": "a face", "slack_file": {"url": url}}
        web.chat_postMessage(channel=slack.channel, text="a face", blocks=[block])


@pytest.mark.parametrize("both", [True, False])
def test_a_file_is_named_by_its_id_or_its_address(
    slack: Slack, web: WebClient, upload: Upload, *, both: bool
) -> None:
    file = upload()
    reference = {"id": file, "url": web.files_info(file=file)["file"]["permalink"]} if both else {}
    with pytest.raises(SlackApiError) as caught:
        web.chat_postMessage(
            channel=slack.channel,
            text="a",
            blocks=[{"type": "image", "alt_text": "a", "slack_file": reference}],
        )
    assert "must define exactly one of `id` or `url`" in str(caught.value)


def test_a_file_of_a_person_is_shown_only_where_the_bot_can_see_it(slack: Slack, web: WebClient) -> None:
    hidden = slack.share(slack.people[0], "a.png", png(), channel=LUNCH)
    seen = slack.share(slack.people[0], "b.png", png())
    slack.wait_for_message(lambda message: message.files == [seen.id])
    slack.wait_for_message(lambda message: message.files == [hidden.id], channel=LUNCH)
    post_picture(slack, web, seen.id)
    with pytest.raises(SlackApiError):
        post_picture(slack, web, hidden.id)
    with pytest.raises(SlackApiError) as caught:
        web.files_info(file=hidden.id)
    assert code(caught) == "file_not_found"


def test_the_upload_answers_how_many_bytes_came_and_asks_for_no_token(slack: Slack, web: WebClient) -> None:
    place = web.files_getUploadURLExternal(filename="face.png", length=len(png()))
    assert send(place["upload_url"], png()) == (200, f"OK - {len(png())}")
    assert [call.args for call in slack.calls("upload")] == [{"length": len(png())}]


def test_an_upload_of_another_length_is_refused(web: WebClient) -> None:
    place = web.files_getUploadURLExternal(filename="face.png", length=5)
    assert send(place["upload_url"], b"123456")[0] == 400
    with pytest.raises(SlackApiError) as caught:
        web.files_completeUploadExternal(files=[{"id": place["file_id"]}])
    assert code(caught) == "file_not_found"


def test_an_upload_to_nowhere_is_refused(slack: Slack) -> None:
    assert send(f"{slack.address}/upload/v1/K0", b"1")[0] == 400


def test_an_upload_is_completed_once(web: WebClient, upload: Upload) -> None:
    file = upload()
    with pytest.raises(SlackApiError) as caught:
        web.files_completeUploadExternal(files=[{"id": file}])
    assert code(caught) == "file_not_found"


def test_an_empty_upload_is_refused(web: WebClient) -> None:
    with pytest.raises(SlackApiError) as caught:
        web.files_getUploadURLExternal(filename="face.png", length=0)
    assert "must be greater than 1 [json-pointer:/length]" in str(caught.value)


def test_alt_text_has_a_limit(web: WebClient) -> None:
    with pytest.raises(SlackApiError) as caught:
        web.files_getUploadURLExternal(filename="face.png", length=5, alt_txt="x" * 1001)
    assert code(caught) == "alt_txt_too_large"


def test_the_id_of_a_file_has_the_form_that_slack_demands(slack: Slack, upload: Upload) -> None:
    file = upload()
    assert file.startswith("F")
    assert len(file) >= 9
    assert file.isupper()
    assert [each.id for each in slack.files()] == [file]


def test_a_file_without_a_channel_is_shared_nowhere(slack: Slack, web: WebClient, upload: Upload) -> None:
    assert web.files_info(file=upload())["file"]["shares"] == {}
    assert not slack.messages()


def test_a_file_is_shared_into_a_thread_after_the_answer(slack: Slack, web: WebClient) -> None:
    ts = web.chat_postMessage(channel=slack.channel, text="a")["ts"]
    answer = web.files_upload_v2(
        content=png(), filename="face.png", channel=slack.channel, thread_ts=ts, initial_comment="look"
    )
    file = answer["files"][0]
    assert file["shares"] == {}
    (reply,) = slack.wait_for(lambda: slack.replies(ts), "the file in the thread")
    assert (reply.text, reply.files) == ("look", [file["id"]])
    shares = web.files_info(file=file["id"])["file"]["shares"]
    assert shares == {"public": {slack.channel: [{"ts": reply.ts}]}}


@pytest.mark.parametrize(("channel", "error"), [(LUNCH, "not_in_channel"), ("C0", "channel_not_found")])
def test_a_file_goes_only_where_the_bot_may_post(web: WebClient, channel: str, error: str) -> None:
    with pytest.raises(SlackApiError) as caught:
        web.files_upload_v2(content=png(), filename="face.png", channel=channel)
    assert code(caught) == error


def test_a_deleted_file_is_gone_everywhere(slack: Slack, web: WebClient, upload: Upload) -> None:
    file = upload()
    assert slack.contents(file) == png()
    web.files_delete(file=file)
    with pytest.raises(LookupError):
        slack.contents(file)
    for again in (web.files_info, web.files_delete):
        with pytest.raises(SlackApiError) as caught:
            again(file=file)
        assert code(caught) == "file_deleted"
    with pytest.raises(SlackApiError):
        post_picture(slack, web, file)


def test_the_bot_deletes_only_its_own_files(slack: Slack, web: WebClient) -> None:
    file = slack.share(slack.people[0], "a.png", png()).id
    slack.wait_for_message(lambda message: message.files == [file])
    with pytest.raises(SlackApiError) as caught:
        web.files_delete(file=file)
    assert code(caught) == "cant_delete_file"


def test_the_bytes_of_a_file_are_private(slack: Slack, web: WebClient, upload: Upload) -> None:
    address = web.files_info(file=upload())["file"]["url_private"]
    assert send(address, b"") == (200, "<html><title>Sign in</title></html>")
    assert send(address, b"", slack.app_token)[1].startswith("<html>")
    assert send(address, b"", slack.bot_token)[1].startswith("\ufffdPNG")
    slack.set_workspace(scopes=["files:write"])
    assert send(address, b"", slack.bot_token)[1].startswith("<html>")
