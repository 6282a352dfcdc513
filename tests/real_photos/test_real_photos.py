"""Other people's photos go through `add`: each is taken, known already, or refused for a true reason."""

import hashlib
import json
import os
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.commands.conftest import Run

EXPECTED = Path(__file__).parent / "expected.tsv"

FOLDER = os.environ.get("REAL_PHOTOS", "")

REASONS = {
    "coding": "coded neither as HEVC nor as AV1",
    "tiff": "this is a TIFF or a camera's raw file",
    "bmp": "this is a BMP",
    "gif": "this is a GIF",
    "broken": "is broken or cut off",
    "mini": "in its minimized form",
    "limits": "asks for more than its decoder allows",
    "film": "without a main picture",
    "unknown": "not a picture that we can read",
}
"""By the word in the list: looked into one by one, with what other programs say of the same file."""

TAKEOUT = {"photoTakenTime": {"timestamp": "1577836800"}, "people": [{"name": "Ada"}]}


@pytest.mark.ci
@pytest.mark.process
@pytest.mark.timeout(900)
@pytest.mark.rule("real-photos")
@pytest.mark.skipif(
    not FOLDER,
    reason="other people's photos are not in this repository: `python -m tests.real_photos FOLDER` brings "
    "them, and REAL_PHOTOS=FOLDER says where they are",
)
def test_each_of_a_thousand_real_photos_is_taken_or_refused_for_its_true_reason(
    run: Run, tmp_path: Path
) -> None:
    expected = {}
    takeouts = 0
    for number, line in enumerate(EXPECTED.read_text(encoding="utf-8").splitlines()):
        sha256, becomes, name = line.split("\t")
        original = Path(FOLDER, name).resolve()
        assert hashlib.sha256(original.read_bytes()).hexdigest() == sha256, name
        link = tmp_path / "album" / str(number) / original.name
        link.parent.mkdir(parents=True)
        link.symlink_to(original)
        expected[sha256] = str(link), becomes
        if becomes == "taken" and number % 4 == 0:
            takeouts += 1
            supplement = ".supplemental-metadata"[: number % 23]
            link.with_name(f"{link.name}{supplement if len(supplement) > 1 else ''}.json").write_text(
                json.dumps(TAKEOUT)
            )
    assert len(expected) >= 500
    for again in (False, True):
        ran = run("add", str(tmp_path / "album"))
        refused = dict(re.findall(r"(?m)^refused: (.+?): (.*)$", ran.err))
        counts = Counter(becomes == "taken" for _, becomes in expected.values())
        added, known = (0, counts[True]) if again else (counts[True], 0)
        assert ran.out.splitlines()[0] == f"{added} added, {known} known already, {counts[False]} refused"
        for path, becomes in expected.values():
            assert (path in refused) == (becomes != "taken"), path
            assert becomes == "taken" or REASONS[becomes] in refused[path], path
    inbox = list((tmp_path / "data/inbox").iterdir())
    assert sum(path.suffix == ".json" for path in inbox) == takeouts
    taken = {hashlib.sha256(path.read_bytes()).hexdigest() for path in inbox if path.suffix != ".json"}
    assert taken == {sha256 for sha256, (_, becomes) in expected.items() if becomes == "taken"}
