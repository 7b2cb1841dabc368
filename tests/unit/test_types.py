"""The nouns."""

from copy import copy

from firmground.types import Notice


def test_equal_content_has_an_equal_digest_and_other_content_another():
    assert Notice(code="a", text="b").digest == Notice(code="a", text="b").digest
    assert Notice(code="a", text="b").digest != Notice(code="a", text="c").digest


def test_a_changed_copy_has_the_digest_of_what_it_says_now():
    known = Notice(code="a", text="b")
    assert known.digest
    assert known.model_copy(update={"text": "c"}).digest == Notice(code="a", text="c").digest
    assert copy(known).digest == known.digest
