"""What is never in the code, since it undoes everything else; and how secrets are compared."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from repository import PACKAGE, ROOT, name, python_files

_EVERYWHERE = [*python_files(PACKAGE), *python_files(ROOT / "tools"), *python_files(ROOT / "benchmarks")]
_OURS = python_files(PACKAGE)
_MODULES = {
    "pickle",
    "cPickle",
    "dill",
    "cloudpickle",
    "joblib",
    "marshal",
    "shelve",
    "imp",
    "telnetlib",
    "ftplib",
    "xmlrpc",
    "pty",
    "commands",
}
"""Never imported: what they read can run code, or what they say goes unprotected."""
_CALLS = {
    "eval": "runs text as code",
    "exec": "runs text as code",
    "__import__": "loads code by a name that may be anybody's",
    "tempfile.mktemp": "somebody else may make the file first",
    "os.tempnam": "somebody else may make the file first",
    "os.system": "a shell reads it",
    "os.popen": "a shell reads it",
    "subprocess.getoutput": "a shell reads it",
    "subprocess.getstatusoutput": "a shell reads it",
    "yaml.unsafe_load": "makes any object",
    "yaml.full_load": "makes objects",
    "yaml.load_all": "makes objects",
    "ssl._create_unverified_context": "believes any server",
    "logging.config.listen": "takes orders",
    "shutil.unpack_archive": "unpacks wherever names lead",
    "random.seed": "one state for all",
    "xml.dom.minidom.parseString": "reads document types",
    "xml.sax.parse": "reads document types",
}
LET = {
    "src/firmground/sources/matter.py": {"yaml.load": "a SafeLoader that allows still less"},
}
"""Calls that look wrong and are not, with the reason."""
_SECRET = re.compile(r"(?:^|_)(?:secret|token|signature|password|passphrase|mac|hmac|csrf|api_key|seal)s?(?:_|$)", re.IGNORECASE)
COMPARED = {
    "src/firmground/app/access/accounts.py: tx.password(account.person) != hashed": "two stored hashes: whether it was changed meanwhile",
    "src/firmground/app/access/accounts.py: tx.password(person) != before": "two stored hashes: whether it was changed meanwhile",
    "src/firmground/app/keeping/archive.py: digest.hexdigest().encode() != seal": "the sum of a file, which stands in the file",
    "src/firmground/app/keeping/archive.py: file.read(len(_SEAL)) != _SEAL": "the sign of a kind of file",
    "src/firmground/app/keeping/archive.py: file.read(len(_SEAL)) == _SEAL": "the sign of a kind of file",
    "src/firmground/identity/tokens.py: each.get('alg', signature) == signature": "the name of a procedure",
    "src/firmground/store/accounts.py: secret == bindparam('secret')": "digests of random secrets, looked up in an index",
    "src/firmground/testing/model_server.py: key != server.api_key": "a server of tests",
    "src/firmground/web/exercises.py: parts.password == parts.username": "whether an address names anybody",
}
"""Comparisons of what is called like a secret, and why they tell nothing: `file:expression`."""


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def called(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield dotted(node.func), node


def dotted(node: ast.expr) -> str:
    """`a.b.c`; only the end where it begins with something else."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def keyword(call: ast.Call, wanted: str) -> str:
    return next((ast.unparse(each.value) for each in call.keywords if each.arg == wanted), "")


def problems(tree: ast.AST) -> Iterator[tuple[str, int]]:  # noqa: PLR0912 - a list of what is wrong
    """What is wrong, and in which line."""
    for node in ast.walk(tree):
        modules = [each.name for each in node.names] if isinstance(node, ast.Import) else []
        modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for module in modules:
            if module.split(".")[0] in _MODULES:
                yield module, node.lineno
    for function, call in called(tree):
        if function in _CALLS:
            yield function, call.lineno
        if keyword(call, "shell") not in {"", "False"}:
            yield "shell=True", call.lineno
        if keyword(call, "verify") in {"False", "None", "0"} or keyword(call, "check_hostname") == "False":
            yield "verify=False", call.lineno
        if function.endswith(("np.load", "numpy.load")) and keyword(call, "allow_pickle") != "False":
            yield "numpy.load", call.lineno
        if keyword(call, "allow_pickle") == "True":
            yield "allow_pickle=True", call.lineno
        if function in {"hashlib.md5", "hashlib.sha1"} and keyword(call, "usedforsecurity") != "False":
            yield function, call.lineno
        if function == "hashlib.new" or (
            function in {"hmac.new", "hmac.digest"} and any(weak in ast.unparse(call) for weak in ("md5", "sha1"))
        ):
            yield function, call.lineno
        if function == "yaml.load":
            yield function, call.lineno
        if function.endswith(("extractall", "zipfile.extract")) or (function.endswith(".extract") and "archive" in function):
            yield function, call.lineno
        if function.endswith(".Environment") and "jinja" in function.lower() and not keyword(call, "autoescape"):
            yield "a template without autoescape", call.lineno


def found(paths: list[Path]) -> list[str]:
    return [
        f"{name(path)}:{line}: {what}"
        for path in paths
        for what, line in problems(tree_of(path))
        if what not in LET.get(name(path), {})
    ]


def test_nothing_runs_what_others_wrote_and_nothing_is_believed_unseen():
    assert found(_EVERYWHERE) == []


def test_what_is_let_through_is_still_there():
    for path, calls in LET.items():
        assert set(calls) <= {what for what, _ in problems(tree_of(ROOT / path))}


@pytest.mark.parametrize(
    "line",
    ["import pickle", "from marshal import loads", "eval(a)", "exec(a)", "yaml.load(a)", "subprocess.run(a, shell=True)",
     "tempfile.mktemp()",
     "requests.get(a, verify=False)", "hashlib.md5(a)", "hashlib.sha1(a)", "hmac.new(k, a, 'sha1')",
     "np.load(a)", "np.load(a, allow_pickle=True)",
     "archive.extractall(a)", "os.system(a)", "__import__(a)"],
)  # fmt: skip
def test_the_check_finds_what_it_looks_for(line: str):
    assert list(problems(ast.parse(line)))


# ---------------------------------------------------------------- comparisons


def comparisons(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Where something that is called like a secret is compared sign by sign: the time that takes tells how far it was right."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(isinstance(each, ast.Eq | ast.NotEq) for each in node.ops):
            sides = [node.left, *node.comparators]
            if any(isinstance(side, ast.Constant) for side in sides):
                continue
            if any(_SECRET.search(called_by(side)) for side in sides):
                yield ast.unparse(node), node.lineno


def called_by(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Call):
        return called_by(node.func)
    return ""


def test_secrets_are_compared_in_constant_time():
    seen = {f"{name(path)}: {text}" for path in _OURS for text, _ in comparisons(tree_of(path))}
    assert seen - set(COMPARED) == set(), "use hmac.compare_digest, or say in COMPARED why it tells nothing"
    assert set(COMPARED) - seen == set()


@pytest.mark.parametrize("line", ["a.token == b", "secret != given", "signature(a) == b", "form_token == sent"])
def test_the_check_finds_comparisons(line: str):
    assert list(comparisons(ast.parse(line)))


def test_temporary_files_are_private():
    """`mkstemp`, `mkdtemp` and their like make 0600 and 0700 and never take what is there; so does nothing else in shared places."""
    loose = [
        f"{name(path)}:{number}"
        for path in _OURS
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if re.search(r"""["']/(?:tmp|var/tmp|dev/shm)\b""", line) and "noqa: S108" not in line
    ]
    assert loose == []


def test_keys_and_databases_are_made_for_their_owner_alone():
    wide = [
        f"{name(path)}:{call.lineno}"
        for path in _OURS
        for function, call in called(tree_of(path))
        if function.endswith(("chmod", "os.open", "mkdir"))
        and re.search(r"0o[0-7]?(?:[0-7]?[0-7][2367]|[0-7]?[2367][0-7])\b", ast.unparse(call))
    ]
    assert wide == []
