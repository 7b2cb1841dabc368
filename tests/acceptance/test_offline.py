"""Nothing is looked up and nobody is told anything: the whole demo on a machine whose network leads nowhere."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from offline import WATCH
from workplace import PROGRAM

from firmground.app.setup import init

_QUIET = ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "TRANSFORMERS_OFFLINE", "DO_NOT_TRACK", "LANCEDB_CONFIG_DIR", "DISABLE_TELEMETRY",
          "ANONYMIZED_TELEMETRY", "ORT_DISABLE_TELEMETRY", "SCARF_NO_ANALYTICS", "OTEL_SDK_DISABLED", "NO_PROXY", "no_proxy")  # fmt: skip
"""What would keep a library from telling somebody. None of it is set: we do not rely on anybody's consent."""
_FAR = "198.51.100.7"


@pytest.fixture
def off(tmp_path: Path) -> Any:
    """Runs a plan of `offline` in a network of its own, and tells what it told, with the stacks of who tried to leave."""
    watch = tmp_path / "watch"
    watch.mkdir()
    (watch / "sitecustomize.py").write_text(WATCH)
    attempts = tmp_path / "attempts"
    closed = (
        ["unshare", "-rn"] if subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode == 0 else []
    )

    def run(*commands: list[str], serve: list[str] | None = None, paths: tuple[str, ...] = ()) -> dict[str, Any]:
        plan = tmp_path / "plan.json"
        plan.write_text(json.dumps({"commands": commands, "serve": serve, "paths": paths}))
        environment = {name: value for name, value in os.environ.items() if name not in _QUIET and "proxy" not in name.lower()}
        environment |= {"PYTHONPATH": str(watch), "ATTEMPTS": str(attempts), "CLOSED": "yes" if closed else "no"}
        ended = subprocess.run(
            [*closed, sys.executable, str(Path(__file__).with_name("offline.py")), str(plan)],
            capture_output=True, text=True, check=False, env=environment, cwd=tmp_path,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        told: dict[str, Any] = json.loads(ended.stdout)
        assert told["alone"] == bool(closed)
        return told | {"attempts": attempts.read_text() if attempts.exists() else ""}

    return run


@pytest.mark.timeout(900)  # other tests may keep the machine busy
def test_the_whole_demo_and_its_pages_reach_nobody(off: Any, tmp_path: Path, default_model: Path):
    """On part of the sample: one document of each kind, three cases of each file."""
    del default_model  # fetched before, and verified
    place = tmp_path / "demo"
    init(place, sample=True)
    thinned(place)
    told = off(
        [*PROGRAM, "demo", "--dir", str(place)],
        [*PROGRAM, "ask", "How many days of leave may I carry over?", "--workspace", str(place), "--json"],
        [*PROGRAM, "doctor", "--workspace", str(place)],
        serve=[*PROGRAM, "serve", "--port", "0", "--workspace", str(place)],
        paths=("/", "/documents", "/audits", "/components", "/readyz", "/openapi.json"),
    )
    demo, asked, doctor = told["ran"]
    said = demo["out"] + demo["err"]
    assert demo["code"] == 0, demo["err"]
    assert [word for word in ("quarantined", "> Who is", "audit 1 --evaluate", "--override", "took") if word not in said] == []
    assert json.loads(asked["out"])["status"]
    assert "Traceback" not in doctor["out"] + doctor["err"]
    assert [path for path, page in told["served"]["pages"].items() if not page] == []
    assert told["attempts"] == "", "something was looked up or reached; above is the stack of who did"
    assert told["packets"] == []


def thinned(place: Path) -> None:
    kept: set[str] = set()
    for path in sorted((place / "documents").rglob("*"), key=lambda each: (each.is_file() and each.stat().st_size, each)):
        if path.is_file() and path.suffix in kept and path.name != "leave.md":
            path.unlink()
        kept.add(path.suffix)
    for path in (place / "golden").glob("*.yaml"):
        head, *cases = path.read_text().split("\n- id:")
        path.write_text("\n- id:".join([head, *cases[:3]]) + "\n")


@pytest.mark.parametrize(
    "attempt",
    [
        "import socket; socket.create_connection(('{far}', 443), timeout=5)",
        "import socket; socket.getaddrinfo('telemetry.example.org', 443)",
        "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('{far}', 53))",
        "import socket; socket.gethostbyname('telemetry.example.org')",
    ],
    ids=["connection", "look-up", "datagram", "old look-up"],
)
def test_the_check_sees_who_tries(off: Any, attempt: str):
    told = off([sys.executable, "-c", attempt.format(far=_FAR)])
    assert told["ran"][0]["code"] != 0
    assert 'File "<string>", line 1' in told["attempts"]


def test_the_check_sees_native_code_that_tries_where_the_kernel_allows(off: Any):
    native = (
        "import ctypes, socket, struct; libc = ctypes.CDLL(None)\n"
        "made = libc.socket(socket.AF_INET, socket.SOCK_STREAM, 0)\n"
        f"to = struct.pack('=H', socket.AF_INET) + struct.pack('>H', 443) + socket.inet_aton('{_FAR}') + bytes(8)\n"
        "print(libc.connect(made, to, len(to)))"
    )
    commands = [[sys.executable, "-c", native]] if _may_close() else []
    told = off(*commands)
    assert told["attempts"] == ""
    assert told["packets"] == ([f"tcp {_FAR}:443"] if commands else [])
    assert [each["out"].strip() for each in told["ran"]] == (["-1"] if commands else [])


def _may_close() -> bool:
    return subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode == 0
