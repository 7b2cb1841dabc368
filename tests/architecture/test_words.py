"""The files speak of this project alone."""

import re

from repository import name, tracked

# Built from parts, so that this file does not hold them.
HOSTS = [
    ".".join(parts)
    for parts in [
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("pypi", "python", "org"),
        ("huggingface", "co"),
        ("hf", "co"),
        ("anaconda", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("crates", "io"),
        ("docker", "io"),
        ("ghcr", "io"),
        ("quay", "io"),
        ("proxy", "golang", "org"),
        ("ollama", "com"),
    ]
]
PLACES = ["/".join(("", *parts, "")) for parts in [("work",), ("root",), ("tmp", "fg"), ("home", "user")]]


def lines_with(patterns: list[str]) -> list[str]:
    pattern = re.compile("|".join(rf"(?<![\w.-]){re.escape(each)}" for each in patterns).encode())
    return [
        f"{name(path)}:{number}"
        for path in tracked()
        for number, line in enumerate(path.read_bytes().splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_file_names_a_registry_or_a_hub():
    """Where packages and models come from is configuration of the machine, never of the project."""
    assert lines_with(HOSTS) == []


def test_no_file_holds_a_path_of_some_machine():
    assert lines_with(PLACES) == []


def test_the_lock_files_pin_every_package_by_hash_and_name_no_url():
    for path in (path for path in tracked() if path.suffix == ".lock"):
        text = path.read_text()
        pinned = re.findall(r"^\S+==\S+", text, re.MULTILINE)
        assert pinned, name(path)
        assert text.count("--hash=sha256:") >= len(pinned), name(path)
        assert "://" not in text, name(path)
