"""The nightly backup runs where the service does, and tries out what it made."""

import re
import subprocess
from pathlib import Path

from repository import ROOT

DEPLOY = ROOT / "deploy"


def rules(name: str) -> list[str]:
    text = (DEPLOY / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_the_backup_may_do_what_the_sync_may_and_write_its_folder():
    sync, backup = rules("firmground-sync.service"), rules("firmground-backup.service")
    own = [line for line in backup if line not in sync]
    assert [line for line in sync if line not in backup and not line.startswith(("Description=", "ExecStart="))] == []
    assert [line.partition("=")[0] for line in own] == ["Description", "ExecStart", "ExecStart", "ReadWritePaths"]
    assert re.search(r"backup /var/backups/firmground --keep \d+$", own[1])
    assert own[2].endswith("--drill'")
    assert own[3] == "ReadWritePaths=/var/backups/firmground"


def test_systemd_understands_the_backup_and_its_timer(tmp_path: Path):
    program = tmp_path / "firmground"
    program.touch(mode=0o755)
    places: list[str] = []
    for name in ("firmground-backup.service", "firmground-backup.timer"):
        text = (DEPLOY / name).read_text(encoding="utf-8").replace("/opt/firmground/bin/firmground", str(program))
        (tmp_path / name).write_text(text)
        places.append(str(tmp_path / name))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *places], capture_output=True, text=True, check=False)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "firmground-backup" in line]) == (0, [])
