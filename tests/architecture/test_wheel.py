import subprocess
import sys
import zipfile
from pathlib import Path

from repository import PACKAGE, ROOT, tracked


def test_the_wheel_holds_every_file_of_the_package_and_no_other_package(tmp_path: Path):
    """Prompts, migrations, templates and word lists are of no use in the repository alone."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = {entry for entry in archive.namelist() if not entry.endswith("/")}

    expected = {str(path.relative_to(PACKAGE.parent)) for path in tracked() if PACKAGE in path.parents}
    assert expected - held == set()
    assert {entry.split("/")[0].split("-")[0] for entry in held} == {"firmground"}
    assert any(entry.endswith("licenses/LICENSE") for entry in held)
