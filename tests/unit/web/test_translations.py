"""Every text of the pages is translated, and says the same with the same blanks."""

import importlib.util
import re
from collections import Counter
from gettext import GNUTranslations
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from jinja2 import Environment, nodes

ROOT = Path(__file__).parents[3]
TEMPLATES = sorted((ROOT / "src" / "firmground" / "web" / "templates").glob("*.html"))
_BLANK = re.compile(r"%\(\w+\)[sd]|%%|\{\w+\}")
_TAG = re.compile(r"</?[a-z][^>]*>")
_SILENT = re.compile(
    r"<(code|kbd|pre|script|svg)\b.*?</\1>|<[a-z]+ [^>]*\blang=\"[^\"]+\"[^>]*>[^<]*</\w+>|<!doctype html>|<!--.*?-->", re.DOTALL
)
_SPOKEN = re.compile(r"""\b(?:aria-label|title|placeholder|alt|data-[a-z-]+|content|value)="([^"]*)\"""")
_NAMES = frozenset({"Firmground", "AUROC", "BM25", "USD", "leave.md", "scan.pdf", "text/markdown", "people/of", "groups/of"})
_TECHNICAL = re.compile(r"[\w.-]*[\d/=._:-][\w./=:, -]*|[a-z0-9_-]+( [a-z-]+)*")
"""What an attribute may hold untranslated: identifiers, addresses, sizes."""


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_locales", ROOT / "tools" / "build_locales.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TOOL = _tool()


def _forms(text: Any) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _pairs(language: str) -> list[tuple[str, str]]:
    return [
        (source, told)
        for each in TOOL.catalogue(language)
        if each.id
        for source, told in zip(_forms(each.id), _forms(each.string), strict=True)
    ]


@pytest.mark.parametrize("language", TOOL.LANGUAGES)
def test_every_text_has_a_translation(language: str):
    assert TOOL.missing(language) == [], "run tools/build_locales.py and translate"


@pytest.mark.parametrize("language", TOOL.LANGUAGES)
def test_what_the_server_reads_is_what_translators_wrote(language: str):
    with TOOL.po(language).with_suffix(".mo").open("rb") as file:
        read = GNUTranslations(file)
    for each in TOOL.catalogue(language):
        if isinstance(each.id, str) and each.id:
            assert read.gettext(each.id) == (each.string or each.id), "run tools/build_locales.py"
        elif each.id:
            assert [read.ngettext(*each.id, n) for n in (1, 2)] == [
                told or one for told, one in zip(each.string, each.id, strict=True)
            ]


@pytest.mark.parametrize("language", TOOL.LANGUAGES)
def test_a_translation_fills_the_same_blanks_and_has_the_same_markup(language: str):
    for source, told in _pairs(language):
        assert set(_BLANK.findall(told)) - set(_BLANK.findall(source)) == set(), (source, told)
        assert Counter(_TAG.findall(source)) == Counter(_TAG.findall(told)), (source, told)
        # A text may stand in an attribute.
        assert told.count('"') == source.count('"'), (source, told)
        # Only a plural may say "one" without the number.
        needed = set(_BLANK.findall(source)) - {"%(num)s", "%(count)s", "%(n)s"}
        assert needed <= set(_BLANK.findall(told)), (source, told)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_text_of_a_template_passes_the_catalogues_by(template: Path):
    source = template.read_text(encoding="utf-8")
    source = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
    source = re.sub(r"\{%-?\s*trans\b.*?endtrans\s*-?%\}", "", source, flags=re.DOTALL)
    # What is filled in stands for itself; its texts are looked at below.
    source = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "\x00", source, flags=re.DOTALL)
    source = _SILENT.sub(" ", source)
    attributes = [each.replace("\x00", "").strip() for tag in _TAG.findall(source) for each in _SPOKEN.findall(tag)]
    texts = [each.strip(" \n\t\x00·:/,.()›–…") for each in re.split(r"<[^>]*>|\x00", source)]
    bare = {each for each in texts if re.search(r"[^\W\d_]{2}", each)} - _NAMES
    bare |= {each for each in {*attributes} - _NAMES if re.search(r"[^\W\d_]{2}", each) and not _TECHNICAL.fullmatch(each)}
    assert bare == set()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_what_a_template_translates_is_a_literal_since_it_is_trusted_as_html(template: Path):
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    environment.install_null_translations(newstyle=True)
    tree = environment.parse(template.read_text(encoding="utf-8"))
    calls = [each for each in tree.find_all(nodes.Call) if isinstance(each.node, nodes.Name)]
    for call in calls:
        if call.node.name in {"_", "gettext", "ngettext"}:
            assert isinstance(call.args[0], nodes.Const), f"line {call.lineno}: use `| translated`"
            assert isinstance(call.args[0].value, str)
            assert not re.search(r"%(?!\(\w+\)s|%)", call.args[0].value), f"line {call.lineno}: a percent sign is written %%"
    spoken = {id(const) for call in calls for const in call.find_all(nodes.Const)}
    for output in tree.find_all(nodes.Output):
        for const in output.find_all(nodes.Const):
            text = const.value if isinstance(const.value, str) and id(const) not in spoken else ""
            assert not re.search(r"\b[A-Z][a-z]+|[a-z]{2} [a-z]{2}", text), f"line {const.lineno}: {text!r} is not translated"
