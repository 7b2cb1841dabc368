"""Takes the pictures of the pages in docs/images, in a real browser, of the sample workspace. Needs the test packages; a minute."""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

IMAGES = Path(__file__).parents[1] / "docs" / "images"
LARGEST = 150_000
_FIRMGROUND = Path(sys.executable).parent / "firmground"
_CHROMIUM = "/usr/bin/chromium"


@dataclass(frozen=True)
class Picture:
    """One page in one state. `question` is asked first; `then` is clicked after that."""

    name: str
    path: str = "/"
    question: str = ""
    then: str = ""
    width: int = 1100
    height: int = 760
    theme: str = "light"
    language: str = "en"
    after: tuple[tuple[str, ...], ...] = ()
    """Commands that are run in the workspace before: what was not, is kept out of the other pictures."""


ANSWERED = "Until when can a customer cancel an order?"
EVALUATED = (("release", "create", "--note", "as we began"), ("evaluate",))
AUDITED = (("release", "create", "--note", "as we began"), ("evaluate", "1"), ("audit", "1"))
LOOKED_AT = (
    ("person", "add", "bob"),
    ("ask", ANSWERED, "--as", "bob"),
    ("answers", "challenge", "last", "--as", "bob", "--reason", "outdated", "--note", "Is this still so since May?"),
    ("ask", "How many vacation days can I carry over?", "--as", "bob"),
    ("answers", "review", "last", "--as", "bob"),
)
CALIBRATED = (*EVALUATED, ("release", "calibrate", "--wrong", "0.1"))
PICTURES = (
    Picture("ask", question=ANSWERED),
    Picture("evidence", question=ANSWERED, then="a.ref", width=1280),
    Picture("weak", question="How many vacation days can I carry over?"),
    Picture("clarify", question="How much notice do I have to give?"),
    Picture("abstained", question="Who won the football world cup in 1974?"),
    Picture("documents", "/documents", height=900),
    Picture("phone", question=ANSWERED, width=360, height=740),
    Picture("dark", question=ANSWERED, theme="dark"),
    Picture("german", question="Wie viele Tage Urlaub habe ich in Hamburg?", language="de"),
    Picture("components", "/components", width=1280, height=1500),
    Picture("evaluation", "/evaluations", then="main h3 a, main li a", height=1150, after=EVALUATED),
    Picture("cases", "/cases", height=900, after=EVALUATED),
    Picture("launch", "/audits?release=1", height=1250, after=AUDITED),
    Picture("brief", "/brief", height=1100),
    Picture("reviews", "/reviews", after=LOOKED_AT),
    Picture("review", "/reviews", then="main th a", width=1280, height=1050, after=LOOKED_AT),
    Picture("calibration", "/calibration", height=1150, after=CALIBRATED),
)


def run(root: Path, *command: str) -> None:
    """A command in the workspace; one that is refused by a rule has done its work."""
    ended = subprocess.run([_FIRMGROUND, *command], cwd=root, check=False, capture_output=True)
    if ended.returncode not in {0, 4}:
        ended.check_returncode()


@contextmanager
def serving(root: Path) -> Iterator[str]:
    """The address of the sample workspace in `root`, made and synced where it is not there yet."""
    if not (root / "firmground.toml").exists():
        root.mkdir(exist_ok=True)
        run(root, "init", ".", "--sample")
        run(root, "sync")
    server = subprocess.Popen(
        [_FIRMGROUND, "serve", "--port", "0"], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield next(found[0] for line in server.stdout or () if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))
    finally:
        server.terminate()
        server.wait(30)


def taken(page: Page, address: str, picture: Picture) -> bytes:
    """The picture as PNG."""
    page.goto(f"{address}{picture.path}")
    if picture.question:
        page.fill("textarea[name=question], input[name=question]", picture.question)
        page.keyboard.press("Enter")
        page.wait_for_selector(".answer[data-status], .turn:not(.making) .answer", timeout=60_000)
        page.wait_for_load_state("networkidle")
    if picture.then:
        page.locator(picture.then).first.click()
    page.wait_for_timeout(600)
    return page.screenshot()


def small(png: bytes) -> bytes:
    """The same picture with 256 colours at most, and then so many that it is not too large."""
    picture = Image.open(BytesIO(png)).convert("RGB")
    for colours in (256, 128, 64, 32):
        packed = BytesIO()
        picture.quantize(colours).save(packed, "PNG", optimize=True)
        if packed.tell() <= LARGEST:
            break
    return packed.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="those to take; all when absent")
    parser.add_argument("--workspace", type=Path, help="where the sample workspace is kept; a temporary folder when absent")
    given = parser.parse_args()
    wanted = [each for each in PICTURES if each.name in given.names or not given.names]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        root = given.workspace or Path(folder) / "handbook"
        browser = play.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])
        for before in dict.fromkeys(each.after for each in PICTURES):
            pictures = [each for each in wanted if each.after == before]
            if pictures:
                with serving(root):  # makes the workspace where it is not there yet
                    pass
                for command in before:
                    run(root, *command)
                with serving(root) as address:
                    take(browser, address, pictures)
        browser.close()


def take(browser: Browser, address: str, pictures: list[Picture]) -> None:
    """Write these pictures."""
    for picture in pictures:
        context = browser.new_context(
            viewport={"width": picture.width, "height": picture.height},
            color_scheme="dark" if picture.theme == "dark" else "light",
            locale=picture.language,
            reduced_motion="reduce",
        )
        packed = small(taken(context.new_page(), address, picture))
        (IMAGES / f"{picture.name}.png").write_bytes(packed)
        sys.stdout.write(f"{picture.name}.png: {len(packed) // 1000} kB\n")
        context.close()


if __name__ == "__main__":
    main()
