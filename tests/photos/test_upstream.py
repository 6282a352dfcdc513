"""What msgspec does otherwise than sidecars need; a failure here says that `json.loads` can go."""

import msgspec
import pytest


class Content(msgspec.Struct):
    source: str | None = None


@pytest.mark.parametrize("beside", [b'"score": NaN', b'"\\ud800": 1', b'"name": "\\ud800"'])
def test_a_key_that_it_does_not_know_can_spoil_all_the_rest(beside: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(b'{"source": "phone", %s}' % beside, type=Content)


def test_half_a_character_in_a_key_is_none_of_its_own_errors() -> None:
    with pytest.raises(UnicodeEncodeError):
        msgspec.convert({"\ud800": 1}, Content)
