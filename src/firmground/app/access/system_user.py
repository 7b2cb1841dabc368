"""The user of the operating system: who somebody is on the command line, whatever they call themselves."""

import os
import pwd


def system_user() -> str:
    """By the system's own list: what the environment says (`LOGNAME`, `USER`) anybody may set."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid-{os.getuid()}"
