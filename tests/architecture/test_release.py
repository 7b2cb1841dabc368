"""A release is made in a checkout of its own, with a key that is thrown away, and verified as the guide says."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from repository import ROOT, tracked

NEEDED = ("pyproject.toml", "README.md", "LICENSE", ".gitignore")
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
WHEEL = f"firmground-{VERSION}-py3-none-any.whl"
GUIDE = ROOT / "docs" / "how-to" / "make-a-release.md"


def run(command: list[str], folder: Path, *, expect: int = 0) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout + done.stderr


def git(folder: Path, *arguments: str) -> str:
    person = ("-c", "user.name=A Person", "-c", "user.email=person@example.org", "-c", "commit.gpgsign=false")
    return run(["git", *person, *arguments], folder)


def release(checkout: Path, *arguments: str, expect: int = 0) -> str:
    return run([sys.executable, str(checkout / "tools" / "release.py"), *arguments], checkout, expect=expect)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean one, of what a build reads."""
    folder = tmp_path_factory.mktemp("checkout") / "firmground"
    for path in tracked():
        place = path.relative_to(ROOT)
        if place.parts[0] in {"src", "locks", "tools"} or str(place) in NEEDED:
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder / place)
    git(folder, "init", "-q")
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", "All of it")
    return folder


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("key") / "release"
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "release@firmground", "-f", str(place)], place.parent)
    return place


@pytest.fixture(scope="module")
def made(checkout: Path, key: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made") / "release"
    release(checkout, "--out", str(out), "--key", str(key))
    return out


@pytest.fixture
def received(made: Path, key: Path, tmp_path: Path) -> Path:
    """The release where a user has it, with the public key from elsewhere."""
    folder = shutil.copytree(made, tmp_path / "received")
    (folder / "allowed_signers").write_text(f"release@firmground {key.with_suffix('.pub').read_text()}")
    return folder


def verify(folder: Path) -> bool:
    """What the guide tells users to type."""
    [block] = [each for each in re.findall(r"```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL) if "-Y verify" in each]
    done = subprocess.run(["sh", "-e", "-c", block], cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode == 0


def test_a_release_holds_all_that_the_guide_names_and_verifies_as_the_guide_says(received):
    names = {path.name for path in received.iterdir()} - {"allowed_signers"}
    assert names == {WHEEL, f"firmground-{VERSION}.tar.gz", f"firmground-{VERSION}.cdx.json"} | {
        "base.lock",
        "COMMIT",
        "SHA256SUMS",
        "SHA256SUMS.sig",
    }
    assert verify(received)
    assert (received / "base.lock").read_bytes() == (ROOT / "locks" / "base.lock").read_bytes()
    with zipfile.ZipFile(received / WHEEL) as wheel:
        assert wheel.testzip() is None


@pytest.mark.parametrize("name", [WHEEL, f"firmground-{VERSION}.cdx.json", "base.lock", "SHA256SUMS"])
def test_a_changed_byte_is_found(received, name):
    content = bytearray((received / name).read_bytes())
    content[len(content) // 2] ^= 1
    (received / name).write_bytes(content)
    assert not verify(received)


def test_sums_signed_by_somebody_else_or_for_something_else_are_refused(received, key, tmp_path):
    other = tmp_path / "other"
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other)], tmp_path)
    for signer, namespace in ((other, "firmground-release"), (key, "file")):
        (received / "SHA256SUMS.sig").unlink()
        run(["ssh-keygen", "-Y", "sign", "-q", "-f", str(signer), "-n", namespace, "SHA256SUMS"], received)
        assert not verify(received)


def test_made_again_it_is_the_same_byte_for_byte(checkout, made, tmp_path):
    release(checkout, "--out", str(tmp_path / "again"))
    assert (tmp_path / "again" / "SHA256SUMS").read_bytes() == (made / "SHA256SUMS").read_bytes()


def test_what_is_not_in_the_commit_is_not_released(checkout, key, tmp_path):
    (checkout / "src" / "firmground" / "left.py").write_text("SECRET = 1\n")
    try:
        said = release(checkout, "--out", str(tmp_path / "out"), expect=1)
        assert said.startswith("the checkout is not clean (?? src/firmground/left.py")
        assert not (tmp_path / "out").exists()
    finally:
        (checkout / "src" / "firmground" / "left.py").unlink()


def test_a_version_that_another_commit_has_is_refused(checkout, tmp_path):
    git(checkout, "tag", f"v{VERSION}")
    git(checkout, "commit", "-q", "--allow-empty", "-m", "Nothing")
    try:
        assert f"v{VERSION} is another commit" in release(checkout, "--out", str(tmp_path / "out"), expect=1)
    finally:
        git(checkout, "reset", "-q", "--hard", f"v{VERSION}")
        git(checkout, "tag", "-d", f"v{VERSION}")


def test_a_key_that_is_no_ed25519_key_and_a_folder_that_is_not_empty_are_refused(checkout, made, tmp_path):
    run(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", str(tmp_path / "weak")], tmp_path)
    assert "is no ed25519 key" in release(checkout, "--out", str(tmp_path / "out"), "--key", str(tmp_path / "weak"), expect=1)
    assert "is not empty" in release(checkout, "--out", str(made), expect=1)
