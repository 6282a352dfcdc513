"""Photos on their way into the bot's inbox, through `python bot.py add`."""

import asyncio
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath

from tagbot.lib.installation import PROGRAM
from tagbot.sandbox.refusals import Refused
from tagbot.sandbox.state import Json

SAMPLES = Path(__file__).parents[1] / "samples"


SAMPLE_PHOTOS = {
    "astronaut.jpg": "a face",
    "portraits.jpg": "two faces",
    "mountains.jpg": "nobody",
    "unsharp.jpg": "a face too blurred to learn",
}
"""What is to see in the photos that everybody may have; their README says where they come from."""

TEAM_PHOTOS = {f"team-{number:02}.jpg": "people of a team" for number in range(1, 28)}
"""Several photos of each of six people who do not exist: what groups and line-ups are made of."""


class Photos:
    """Adds photos as an operator would, with the bot's own command and settings."""

    def __init__(self, env: Mapping[str, str], folder: Path) -> None:
        self._env = env
        self._folder = folder

    async def add_samples(self, names: Iterable[str]) -> Json:
        """Add sample photos by their names."""
        chosen = list(names)
        if not chosen or not set(chosen) <= SAMPLE_PHOTOS.keys() | TEAM_PHOTOS.keys():
            raise Refused("There is no such sample photo.")
        return await self._add([SAMPLES / name for name in chosen])

    async def add(self, parts: "Iterable[tuple[str, bytes]]") -> Json:
        """Add what was dropped: names with contents, sidecars among them."""
        with tempfile.TemporaryDirectory(dir=self._folder) as drop:
            for name, content in parts:
                (Path(drop) / safe(name)).write_bytes(content)
            # Named one by one, so that what is no photo is refused with its reason, not passed over.
            photos = [path for path in sorted(Path(drop).iterdir()) if path.suffix != ".json"]
            if not photos:
                raise Refused("There is no photo among these files.")
            told = await self._add(photos)
            told["refused"] = [line.replace(f"{drop}/", "") for line in told["refused"]]
            return told

    async def _add(self, photos: list[Path]) -> Json:
        adding = await asyncio.create_subprocess_exec(
            *(sys.executable, *PROGRAM, "add", *map(str, photos)),
            cwd=self._folder,  # where no .env lies
            env=self._env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = (text.decode(errors="replace").splitlines() for text in await adding.communicate())
        refused = [line.removeprefix("refused: ") for line in err if line.startswith("refused: ")]
        return {"said": out[-1] if out else "; ".join(err[-3:]), "refused": refused}


def safe(name: str) -> str:
    """The last part of a file's name, as it lies in a folder of ours."""
    last = PurePath(name.replace("\\", "/")).name.lstrip(".")
    if not last:
        raise Refused("A file needs a name.")
    return last
