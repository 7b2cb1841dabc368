import pytest

from firmground.errors import InvalidSettings
from firmground.language.globs import compile_globs


@pytest.mark.parametrize(
    ("pattern", "covered", "not_covered"),
    [
        ("**/*", ["a.md", "a/b/c.md"], []),
        ("*.md", ["a.md", "x/y/a.md"], ["a.mdx", "a/md"]),
        ("/*.md", ["a.md"], ["x/a.md"]),
        ("hr", ["hr", "hr/a.md", "x/hr/a.md"], ["hr2/a.md"]),
        ("hr/**", ["hr/a.md", "hr/b/c.md"], ["hr", "x/hr/a.md"]),
        ("hr/*.md", ["hr/a.md"], ["hr/b/c.md"]),
        ("hr/**/*.md", ["hr/a.md", "hr/b/c/d.md"], ["a.md"]),
        ("drafts/", ["drafts/a", "x/drafts/a"], ["drafts2"]),
        ("a?c.txt", ["abc.txt"], ["a/c.txt", "ac.txt"]),
        ("[ab].md", ["a.md", "x/b.md"], ["c.md"]),
        ("[!ab].md", ["c.md"], ["a.md"]),
        ("a.b", ["a.b"], ["axb"]),
        ("[x", ["[x"], ["x"]),
    ],
)
def test_patterns_cover_what_their_description_says(pattern: str, covered: list[str], not_covered: list[str]):
    expression = compile_globs([pattern])
    assert [uri for uri in covered if not expression.fullmatch(uri)] == []
    assert [uri for uri in not_covered if expression.fullmatch(uri)] == []


def test_no_pattern_covers_nothing():
    assert compile_globs([]).fullmatch("a.md") is None


@pytest.mark.parametrize("pattern", ["", "/", "../secret", "a/../b"])
def test_a_pattern_that_can_match_nothing_is_refused(pattern: str):
    with pytest.raises(InvalidSettings):
        compile_globs([pattern])
