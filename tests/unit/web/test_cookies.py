"""What is read of the cookies that a browser sends."""

import pytest
from starlette.datastructures import Headers

from firmground.web.cookies import cookie


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
