"""The container, where no engine is: the very steps of its file, in a clean root of the system that it is
built from.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tagbot.sandbox.driver import Slack
from tests.source import ROOT
from tests.world import SIDECAR, astronaut, environment

CONTAINERFILE = ROOT / "deploy/Containerfile"
TMP = "/tmp"  # noqa: S108 - in the container's root
STEP_SECONDS = 600
PATIENCE = 60.0

OF_THE_MACHINE = ("PIP_CERT", "PIP_INDEX_URL", "PIP_DEFAULT_TIMEOUT", "http_proxy", "https_proxy", "no_proxy")
"""Variables that an engine, too, would pass on to a build behind somebody's proxy."""


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"(?m)^#.*\n", "", CONTAINERFILE.read_text()).replace("\\\n", " ")
    return [
        (word, rest.strip()) for word, _, rest in (line.partition(" ") for line in text.splitlines()) if word
    ]


@dataclass
class Container:
    """What an engine would have made of the steps."""

    root: Path
    env: dict[str, str] = field(
        default_factory=lambda: {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}
    )
    user: str = "root"
    entrypoint: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)

    def do(self, word: str, rest: str) -> None:
        match word:
            case "FROM":
                assert rest == "docker.io/library/debian:bookworm-slim"
            case "ENV":
                self.env |= dict(each.split("=", 1) for each in shlex.split(rest))
            case "RUN":
                self.run(rest)
            case "COPY":
                *sources, target = rest.split()
                for source in sources:
                    self.copy(ROOT / source, self.root / target.strip("/"), is_folder=target.endswith("/"))
            case "USER":
                self.user = rest
            case "ENTRYPOINT":
                self.entrypoint = json.loads(rest)
            case "HEALTHCHECK":
                self.health = json.loads(rest.partition("CMD ")[2])
            case _:
                assert word in ("VOLUME", "WORKDIR"), word

    def run(self, command: str) -> None:
        ran = subprocess.run(
            ["chroot", self.root, "/bin/sh", "-c", command],
            env=self.env | self.of_the_machine(), cwd="/",
            capture_output=True, text=True, check=False, timeout=STEP_SECONDS,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stdout[-1000:] + ran.stderr[-3000:]

    def copy(self, source: Path, target: Path, *, is_folder: bool) -> None:
        """As an engine: a folder's content goes into the target."""
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / source.name)
            assert is_folder

    def of_the_machine(self) -> dict[str, str]:
        found = {name: os.environ[name] for name in OF_THE_MACHINE if name in os.environ}
        if certificate := found.get("PIP_CERT"):
            shutil.copy(certificate, self.root / "certificates-of-the-machine")
            found["PIP_CERT"] = "/certificates-of-the-machine"
        return found

    def start(self, command: list[str], **env: str) -> "subprocess.Popen[str]":
        """Without root's rights, on a file system that cannot be written to but for /data and /tmp."""
        root = shlex.quote(str(self.root))
        mount = (
            f"mount --bind {root} {root} && mount -o remount,bind,ro {root} && mount -t proc proc {root}/proc"
            f" && mount -t tmpfs tmpfs {root}{TMP} && mount --bind {root}.data {root}/data && cd /"
            f' && exec chroot --userspec={self.user} {root} /bin/sh -c \'cd /data && exec "$@"\' - "$@"'
        )
        return subprocess.Popen(
            ["unshare", "--mount", "/bin/sh", "-c", mount, "-", *command],
            env=self.env | env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip


@pytest.fixture(name="container")
def _container() -> Iterator[Container]:
    debootstrap = shutil.which("debootstrap")
    if (
        os.geteuid() != 0
        or not debootstrap
        or subprocess.run(["unshare", "--mount", "true"], check=False).returncode
    ):
        pytest.skip("without root, debootstrap and namespaces there is no clean root")
    with tempfile.TemporaryDirectory(
        dir="/var/tmp", prefix="facetag-container-"
    ) as folder:  # too large for memory
        root = Path(folder, "root")
        made = subprocess.run(
            [debootstrap, "--variant=minbase", "bookworm", root, "http://deb.debian.org/debian"],
            capture_output=True, text=True, check=False, timeout=STEP_SECONDS,
        )  # fmt: skip
        if made.returncode:
            pytest.skip(f"Debian cannot be reached: {made.stdout[-200:]}")
        shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
        yield Container(root)


@pytest.mark.ci
@pytest.mark.process
@pytest.mark.timeout(1500)
@pytest.mark.rule("container")
def test_its_steps_make_a_bot_that_works_without_root_and_writes_to_its_data_alone(
    container: Container, stand_in: Slack
) -> None:
    for word, rest in instructions():
        container.do(word, rest)
    data = Path(f"{container.root}.data")
    shutil.copytree(container.root / "data", data)
    shutil.chown(data, 10001, 10001)
    data.chmod(0o700)
    assert container.user == "facetag"
    env = {name: value for name, value in environment(Path("/data"), stand_in).items() if name != "DATA_DIR"}

    told, _ = container.start([*container.entrypoint, "status", "--running"], **env).communicate(
        timeout=PATIENCE
    )
    assert "It does not run" in told
    bot = container.start(container.entrypoint, **env)
    try:
        stand_in.wait_for_connections(timeout=PATIENCE)
        (data / "inbox/photo.json").write_bytes(SIDECAR)
        (data / "inbox/photo.png").write_bytes(astronaut())
        for path in data.joinpath("inbox").iterdir():
            os.chown(path, 10001, 10001)
        asked = stand_in.wait_for_message(timeout=PATIENCE)
        for tagger in stand_in.people[:2]:
            stand_in.choose(tagger, asked.ts, "tag_person", stand_in.people[2])
        stand_in.wait_for_message(lambda message: "Tagged as" in message.text, timeout=PATIENCE)
        healthy = container.start(container.health, **env)
        assert healthy.communicate(timeout=PATIENCE)[0] == "It runs.\n"
        assert healthy.returncode == 0
        wrote = container.start(["/bin/sh", "-c", "touch /opt/facetag/x /etc/x /src; id -u"], **env)
        told = wrote.communicate(timeout=PATIENCE)[0]
        assert told.count("Read-only file system") + told.count("Permission denied") == 3
        assert told.endswith("10001\n")
    finally:
        bot.send_signal(signal.SIGTERM)
        told, _ = bot.communicate(timeout=PATIENCE)
    assert bot.returncode == 0, told
