"""What a page costs a reader: bytes, requests, first paint, in a real browser.

    python benchmarks/pages.py [--rounds 5] [--out FILE]

A real `firmground serve` on the sample handbook and headless Chromium on the same machine. `cold` is a browser that was never here, `warm`
one that has looked at the page before: scripts and styles are kept then. Bytes are those on the wire, headers included; first paint is
the first contentful one, the median of the rounds.
"""

import argparse
import json
import os
import platform
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import httpx2
from playwright.sync_api import Browser, Page, sync_playwright
from serving import sample, serving

PAGES = ("/", "/documents", "/me", "/people", "/calibration", "/evaluations", "/cases", "/releases", "/components")
CHROMIUM = "/usr/bin/chromium"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        sample(place)
        with serving(place) as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            try:
                addresses = [*PAGES, *more(server.address)]
                seen(browser, server.address + "/", 1)  # the server's own first time
                rows = {address: seen(browser, server.address + address, options.rounds) for address in addresses}
            finally:
                browser.close()
    result = {"machine": f"{platform.machine()}, {os.cpu_count()} cores", "python": platform.python_version(), "pages": rows}
    text = json.dumps(result, indent=1)
    print(text)
    if options.out:
        options.out.write_text(text + "\n")


def more(address: str) -> list[str]:
    """An answer, and a document."""
    with httpx2.Client(base_url=address, timeout=60) as client:
        while client.get("/readyz").status_code != 200:
            continue
        answer = client.post("/api/v1/answers", json={"question": "How many vacation days can I carry over?"}).json()
        return [f"/answers/{answer['id']}", f"/documents/{answer['citations'][0]['document']}"]


def seen(browser: Browser, url: str, rounds: int) -> dict[str, Any]:
    """A fresh profile each round, which looks twice."""
    looks = [both(browser, url) for _ in range(rounds)]
    return {
        when: {name: round(median(look[at][name] for look in looks)) for name in ("bytes", "requests", "first_paint_ms")}
        for at, when in enumerate(("cold", "warm"))
    }


def both(browser: Browser, url: str) -> list[dict[str, float]]:
    context = browser.new_context()
    try:
        page = context.new_page()
        return [look(page, url), look(page, url)]
    finally:
        context.close()


def look(page: Page, url: str) -> dict[str, float]:
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    loaded: list[float] = []
    devtools.on("Network.loadingFinished", lambda event: loaded.append(event["encodedDataLength"]))
    response = page.goto(url, wait_until="networkidle")
    assert response is not None
    assert response.status == 200, f"{url}: {response.status}"
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN")
    devtools.detach()
    return {"bytes": sum(loaded), "requests": sum(size > 0 for size in loaded), "first_paint_ms": paint}


if __name__ == "__main__":
    main()
