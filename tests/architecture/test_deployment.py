"""What deploy/ names is there: paths, commands, settings, ports."""

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from repository import ROOT

from firmground.cli import main
from firmground.errors import InvalidInput, OutsideFailed
from firmground.settings import Settings, load_workspace
from firmground.web.served import _DRAIN_SECONDS as ANSWERS
from firmground.web.server import _DRAIN_SECONDS as CONNECTIONS

DEPLOY = ROOT / "deploy"
PORT = str(Settings().serve.port)


def container_file() -> list[tuple[str, str]]:
    """Instructions with their arguments, in order."""
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in lines)]


def unit(name: str = "firmground.service") -> list[tuple[str, str]]:
    text = (DEPLOY / name).read_text(encoding="utf-8")
    lines = [line.removeprefix("#") for line in text.splitlines() if re.match(r"#?[A-Z]\w+=", line)]
    return [(key, value) for key, _, value in (line.partition("=") for line in lines)]


def compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))


def environments() -> dict[str, list[str]]:
    """The variables of Firmground that each file sets, commented examples included."""
    return {
        path.name: re.findall(r"\b(FIRMGROUND_[A-Z_]+)(?:=|:)", path.read_text(encoding="utf-8"))
        for path in (
            DEPLOY / "firmground.service",
            DEPLOY / "firmground-sync.service",
            DEPLOY / "Containerfile",
            DEPLOY / "compose.yaml",
        )
    }


@pytest.mark.parametrize("name", ["firmground.service", "firmground-sync.service", "Containerfile", "compose.yaml"])
def test_every_variable_is_one_that_firmground_knows(tmp_path: Path, name: str):
    (tmp_path / "firmground.toml").touch()
    secret = tmp_path / "secret"
    secret.write_text("postgresql://firmground@database/firmground")
    values = {"FIRMGROUND_SERVE__PORT": "1", "FIRMGROUND_DATABASE__URL_FILE": str(secret)}
    values["FIRMGROUND_SERVE__URL"] = "https://ask.example.org"
    found = environments()[name]
    assert found
    for variable in found:
        before = load_workspace(tmp_path, {})
        changed = load_workspace(tmp_path, {variable: values.get(variable, "10.0.0.1")}) != before
        named = {"FIRMGROUND_WORKSPACE", "FIRMGROUND_MODEL_DIR", "FIRMGROUND_OWNER_FILE"}
        assert changed or variable in named, variable


def test_the_service_and_the_image_run_a_command_that_exists(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    [started] = [value for key, value in unit() if key == "ExecStart"]
    program, *arguments = shlex.split(started)
    file = dict(container_file())
    assert json.loads(file["ENTRYPOINT"]) == [Path(program).name] == ["firmground"]
    assert json.loads(file["CMD"]) == arguments
    monkeypatch.setattr("sys.argv", ["firmground", *arguments, "--help"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in {0, None}
    assert "Serve pages and programs" in capsys.readouterr().out


def test_whoever_stops_it_waits_until_answers_had_their_time():
    [stop] = [value for key, value in unit() if key == "TimeoutStopSec"]
    grace = compose()["services"]["firmground"]["stop_grace_period"]
    assert min(int(stop), int(grace.removesuffix("s"))) > ANSWERS + CONNECTIONS


def test_the_unit_lets_a_parsing_process_shut_itself_in():
    rules = unit()
    allowed = " ".join(value for key, value in rules if key == "SystemCallFilter" and not value.startswith("~")).split()
    assert {"@system-service", "seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"} <= set(
        allowed
    )
    assert "ProcSubset" not in dict(rules)  # it reads /proc/meminfo and /proc/cpuinfo
    assert {
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("User", "firmground"),
        ("CapabilityBoundingSet", ""),
    } <= set(rules)


def test_the_sync_opens_what_the_service_serves_and_may_do_no_more():
    served, synced = unit(), unit("firmground-sync.service")
    of_serving = {"Type", "Description", "Wants", "After", "WantedBy", "TimeoutStopSec", "KillMode", "Restart", "RestartSec"}
    of_serving |= {
        "RestartPreventExitStatus",
        "StartLimitIntervalSec",
        "StartLimitBurst",
        "LoadCredential",
        "MemoryMax",
        "ExecStart",
    }
    owner = ("Environment", "FIRMGROUND_OWNER_FILE=%d/owner")
    same = [line for line in served if line[0] not in of_serving and line != owner]
    assert same == [line for line in synced if line[0] not in of_serving]
    assert dict(synced)["ExecStart"] == dict(served)["ExecStart"].replace("serve", "sync")


def test_the_guides_to_syncing_name_the_places_of_the_units():
    lines = dict(
        part.split("=", 1) for key, value in unit("firmground-sync.service") if key == "Environment" for part in value.split()
    )
    for guide in ("run-it-on-a-server.md", "keep-in-step.md"):
        text = (ROOT / "docs" / "how-to" / guide).read_text(encoding="utf-8")
        assert "enable --now firmground-sync.timer" in text
        for name in ("FIRMGROUND_WORKSPACE", "FIRMGROUND_DATA", "FIRMGROUND_MODEL_DIR"):
            assert set(re.findall(rf"{name}=(\S+)", text)) == {lines[name]}


def test_a_port_that_is_taken_for_a_moment_does_not_leave_the_service_down():
    [never] = [value.split() for key, value in unit() if key == "RestartPreventExitStatus"]
    assert str(OutsideFailed.exit_code) not in never
    assert str(InvalidInput.exit_code) in never


def test_systemd_understands_the_unit(tmp_path: Path):
    program = tmp_path / "firmground"
    program.touch(mode=0o755)
    text = (DEPLOY / "firmground.service").read_text(encoding="utf-8").replace("/opt/firmground/bin/firmground", str(program))
    place = tmp_path / "firmground.service"
    place.write_text(re.sub(r"^#(?=LoadCredential|Environment)", "", text, flags=re.MULTILINE))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(place)], capture_output=True, text=True, check=False)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "firmground.service" in line]) == (0, [])


def test_systemd_understands_the_sync_and_its_timer(tmp_path: Path):
    program = tmp_path / "firmground"
    program.touch(mode=0o755)
    for name in ("firmground-sync.service", "firmground-sync.timer"):
        text = (DEPLOY / name).read_text(encoding="utf-8").replace("/opt/firmground/bin/firmground", str(program))
        (tmp_path / name).write_text(text)
    places = [str(tmp_path / name) for name in ("firmground-sync.service", "firmground-sync.timer")]
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *places], capture_output=True, text=True, check=False)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "firmground-sync" in line]) == (0, [])


def test_what_the_image_copies_exists_and_is_let_in():
    let_in = {line[1:] for line in (ROOT / ".containerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")}
    copied = [
        source
        for name, rest in container_file()
        if name == "COPY" and not rest.startswith("--from")
        for source in shlex.split(rest)[:-1]
    ]
    assert "src" in copied
    for source in copied:
        assert (ROOT / source).exists()
        assert source in let_in
    assert sorted(let_in) == sorted(copied)


def test_the_image_names_no_host_and_runs_as_nobody_special():
    file = container_file()
    bases = [rest.partition("=")[2] for name, rest in file if name == "ARG"]
    assert {rest.split()[0] for name, rest in file if name == "FROM"} == {"${PYTHON_IMAGE}"}
    assert [base for base in bases if not re.fullmatch(r"[a-z]+:[\w.-]+", base)] == []
    assert len(bases) == 1
    assert dict(file)["USER"] == "firmground"
    assert "require-hashes" in " ".join(rest for _, rest in file)
    assert "readyz" in dict(file)["HEALTHCHECK"]


def test_every_file_names_the_same_port():
    file = dict(container_file())
    assert file["EXPOSE"] == PORT
    assert f"FIRMGROUND_SERVE__PORT={PORT}" in file["ENV"]
    assert f"127.0.0.1', {PORT}" in file["HEALTHCHECK"]
    assert compose()["services"]["firmground"]["ports"] == [f"127.0.0.1:{PORT}:{PORT}"]
    for proxy in ("nginx.conf", "Caddyfile"):
        assert set(re.findall(r"127\.0\.0\.1:(\d+)", (DEPLOY / "proxy" / proxy).read_text(encoding="utf-8"))) == {PORT}


def test_secrets_are_files_and_none_has_a_default():
    whole = compose()
    for service in whole["services"].values():
        for name, value in service["environment"].items():
            if re.search("PASSWORD|URL|OWNER|KEY", name):
                assert name.endswith("_FILE")
                assert value.removeprefix("/run/secrets/") in service["secrets"]
    assert {file["file"] for file in whole["secrets"].values()} == {f"./secrets/{name}" for name in whole["secrets"]}
    assert "/deploy/secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_proxies_pass_events_on_as_they_come_and_believe_no_header_of_a_client():
    nginx = (DEPLOY / "proxy" / "nginx.conf").read_text(encoding="utf-8")
    assert "proxy_buffering off;" in nginx
    assert "X-Forwarded-For $remote_addr;" in nginx
    caddy = (DEPLOY / "proxy" / "Caddyfile").read_text(encoding="utf-8")
    assert "encode" not in caddy
    for size in re.findall(r"(\d+)m;", nginx) + re.findall(r"(\d+)MB", caddy):
        assert int(size) > Settings().parsing.max_megabytes
