"""Makes what a release consists of, from the commit that is checked out, without network: docs/how-to/make-a-release.md.

Wheel, source archive, lock, bill of materials, the commit, their SHA-256 sums, and with `--key` a signature of the sums (ed25519, by
ssh-keygen). Wheel and archive are built twice, in two folders, and must come out the same byte for byte.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import tomllib
from hashlib import sha256
from pathlib import Path

from locked import BASE, ROOT

NAMESPACE = "firmground-release"
SUMS = "SHA256SUMS"


class Refused(Exception):
    """One line: what is wrong, and what to do."""


def release(out: Path, key: Path | None = None) -> list[str]:
    """Names of the files now in `out`. Refused where the checkout is not clean, a build differs, `out` is not empty, or the key is none."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    commit, moment = _clean_commit(version)
    if out.exists() and any(out.iterdir()):
        raise Refused(f"{out} is not empty: name another folder or delete it")
    if key is not None:
        _is_ed25519(key)
    from build_sbom import text  # slow to load, and no refusal above needs it

    out.mkdir(parents=True, exist_ok=True)
    for name, content in _built(commit, moment).items():
        (out / name).write_bytes(content)
    (out / "base.lock").write_bytes(BASE.read_bytes())
    (out / f"firmground-{version}.cdx.json").write_text(text(), encoding="utf-8")
    (out / "COMMIT").write_text(f"{commit} {moment}\n", encoding="ascii")
    sums = {path.name: sha256(path.read_bytes()).hexdigest() for path in sorted(out.iterdir())}
    (out / SUMS).write_text("".join(f"{held}  {name}\n" for name, held in sums.items()), encoding="ascii")
    if key is not None:
        _run(["ssh-keygen", "-Y", "sign", "-q", "-f", str(key), "-n", NAMESPACE, str(out / SUMS)])
    return sorted(path.name for path in out.iterdir())


def _clean_commit(version: str) -> tuple[str, str]:
    """The commit and its time in seconds."""
    if changed := _run(["git", "status", "--porcelain"]).splitlines():
        raise Refused(f"the checkout is not clean ({changed[0].strip()} and {len(changed) - 1} more): commit or take it away")
    commit, moment = _run(["git", "show", "--no-patch", "--format=%H %ct", "HEAD"]).split()
    tagged = _run(["git", "for-each-ref", "--format=%(objectname) %(*objectname)", f"refs/tags/v{version}"]).split()
    if tagged and commit not in tagged:
        raise Refused(f"v{version} is another commit: raise the version in pyproject.toml, or check that commit out")
    return commit, moment


def _built(commit: str, moment: str) -> dict[str, bytes]:
    """Wheel and source archive by name."""
    first, second = _build(commit, moment), _build(commit, moment)
    if different := [name for name in sorted({*first, *second}) if first.get(name) != second.get(name)]:
        raise Refused(f"{', '.join(different)} came out different the second time: find what depends on place or time")
    return first


def _build(commit: str, moment: str) -> dict[str, bytes]:
    """From what the commit holds, nothing that only lies in the folder."""
    with tempfile.TemporaryDirectory(prefix="firmground-release.") as temporary:
        source, made = Path(temporary) / "source", Path(temporary) / "made"
        source.mkdir()
        archive = Path(temporary) / "source.tar"
        _run(["git", "archive", "--format=tar", f"--output={archive}", commit])
        _run(["tar", "-xf", str(archive), "-C", str(source)])
        build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d", str(made)]
        _run(build, source, SOURCE_DATE_EPOCH=moment)
        return {path.name: path.read_bytes() for path in sorted(made.iterdir())}


def _is_ed25519(key: Path) -> None:
    if not key.is_file() or not _run(["ssh-keygen", "-l", "-f", str(key)]).rstrip().endswith("(ED25519)"):
        raise Refused(f"{key} is no ed25519 key: make one with `ssh-keygen -t ed25519`")


def _run(command: list[str], folder: Path = ROOT, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise Refused(f"{command[0]} {command[1]} failed ({said[-1] if said else done.returncode}): see what it needs")
    return done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "release")
    parser.add_argument("--key", type=Path, help="private ed25519 key, or the public half of one that an agent holds")
    asked = parser.parse_args()
    try:
        names = release(asked.out.absolute(), asked.key.absolute() if asked.key else None)
    except (Refused, ValueError) as error:
        sys.exit(str(error))
    print(f"{asked.out}: {', '.join(names)}")
    if asked.key is None:
        print("not signed: name a key with --key")


if __name__ == "__main__":
    main()
