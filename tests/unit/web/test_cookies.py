"""What is read of the cookies that a browser sends."""

import pytest
from starlette.datastructures import Headers

from firmground.web.cookies import cookie, without_quotes


@pytest.mark.parametrize(
    ("sent", "held"),
    [
        ([], ""),
        (["ours=1"], "1"),
        (["a=b; ours = 1 ;c"], "1"),
        (["ours=1; ours=2"], "2"),
        (["ours=1", "ours=2", "a=b"], "2"),
        (["a=ours=1", "theirs=1", "ours", "OURS=1"], ""),
        (["firm\x00ground=;;;=,; ours=a=b"], "a=b"),
        (['ours="\\"'], '"\\"'),
        ([";" * 60_000 + "ours=1"], "1"),
    ],
)
def test_the_last_of_its_name_is_the_one(sent: list[str], held: str):
    headers = Headers(raw=[(b"cookie", each.encode()) for each in sent])
    assert cookie(headers, "ours") == held


def test_the_framework_sees_no_cookie_that_is_quoted():
    sent = [(b"host", b'"x"'), (b"cookie", b'a="1"; ours=2; b="\\'), (b"cookie", b"c=3")]
    assert without_quotes(sent) == [(b"host", b'"x"'), (b"cookie", b" ours=2"), (b"cookie", b"c=3")]
