"""What kind of browser a request comes from: as much as people need to know their own again, and no more."""

from collections.abc import Mapping

# The first that is named counts: most browsers name several others too.
_BROWSERS: Mapping[str, str] = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
    "curl/": "curl",
}
_SYSTEMS: Mapping[str, str] = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "CrOS": "ChromeOS",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}
_LONGEST = 1000


def family(user_agent: str) -> str:
    """`Firefox on Linux`; empty where nothing is known of it."""
    given = user_agent[:_LONGEST]
    known = (next((name for sign, name in names.items() if sign in given), "") for names in (_BROWSERS, _SYSTEMS))
    return " on ".join(name for name in known if name)
