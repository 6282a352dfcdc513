"""`python -m tests.real_photos FOLDER`: bring other people's photos into a folder outside of the repository.

They are the test pictures of Pillow and of libheif, and the collection exif-samples, at the commits below.
None of them is ours to pass on: only their hashes are here, each with what becomes of it (`expected.tsv`).
`REAL_PHOTOS=FOLDER python -m pytest -m ci tests/real_photos` then adds them all.
"""

import argparse
import subprocess
from pathlib import Path

REPOSITORIES = {
    "python-pillow/Pillow": ("4e5f09f533dbd0d87d39951f48b62f4d1a421cba", "Tests/images"),
    "strukturag/libheif": ("9f31998e0f426eeec9ece938baabe6fbf858e042", ""),
    "ianare/exif-samples": ("5332a9cf0220e9c6c93f88a187daa90808051e10", ""),
}
"""Each with a commit, and the folder in it."""


def git(repository: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(repository), *arguments], capture_output=True, check=True).stdout


def bring(name: str, repository: Path, folder: Path) -> int:
    """The files of a repository that are there; large ones may be missing in a copy of it."""
    commit, under = REPOSITORIES[name]
    brought = 0
    for path in (
        git(repository, "ls-tree", "-r", "-z", "--name-only", commit, under or ".").decode().split("\0")
    ):
        target = folder / name / path
        try:
            content = git(repository, "cat-file", "blob", f"{commit}:{path}") if path else b""
        except subprocess.CalledProcessError:
            continue
        if path:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            brought += 1
    return brought


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--copies", type=Path, help="copies of the repositories, as OWNER+NAME/repo below this"
    )
    options = parser.parse_args()
    for name in REPOSITORIES:
        here = options.folder / ".repositories" / name
        if options.copies:
            here = options.copies / name.replace("/", "+") / "repo"
        elif not here.exists():
            subprocess.run(["git", "clone", "--bare", f"https://github.com/{name}", str(here)], check=True)
        print(f"{name}: {bring(name, here, options.folder)} files")


if __name__ == "__main__":
    main()
