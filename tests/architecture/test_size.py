"""A file is read in one sitting (about 400 lines), a function in one look (about 30 statements). These are the last resort."""

from repository import PACKAGE, functions, name, python_files

FILE_LINES = 600
FUNCTION_LINES = 80


def test_no_file_is_too_long_to_read():
    lines = {name(path): len(path.read_text().splitlines()) for path in python_files(PACKAGE)}
    assert {path: count for path, count in lines.items() if count > FILE_LINES} == {}


def test_no_function_is_too_long_to_see():
    lines = {
        f"{name(path)}:{function.name}": (function.end_lineno or 0) - function.lineno + 1
        for path in python_files(PACKAGE)
        for function in functions(path)
    }
    assert {place: count for place, count in lines.items() if count > FUNCTION_LINES} == {}
