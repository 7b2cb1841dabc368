"""`brief`: what this product is for, who answers for it, and what happens when it is wrong."""

from typing import cast

import typer

from firmground.cli.options import AsJson, Debug, Directory, actor, opened
from firmground.cli.terminal import one_line, print_json, remark, say
from firmground.errors import Refused

group = typer.Typer(
    help="The launch brief: what this is for, who answers for it, what happens when it is wrong.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@group.command()
def show(as_json: AsJson = False, directory: Directory = None, debug: Debug = False) -> None:
    """The answers in `brief.toml`, and how many questions have one."""
    from firmground.app.launching.briefs import brief_now, open_brief
    from firmground.gate.brief import FIELDS, QUESTIONS, answered, value_of

    del debug
    with opened(directory) as app:
        open_brief(app, actor(app, None))
        brief = brief_now(app)
    if as_json:
        print_json(brief.model_dump(mode="json"))
        return
    width = max(map(len, FIELDS))
    for field in FIELDS:
        value = value_of(brief, field)
        for number, line in enumerate(_lines(value)):
            say(f"{'' if number else field:{width}}  {one_line(line)}")
    remark(f"{answered(brief)} of {len(QUESTIONS)} questions answered" + (", by the sample" if brief.sample else ""))


@group.command()
def check(as_json: AsJson = False, directory: Directory = None, debug: Debug = False) -> None:
    """What is missing, with what to write; and whether the first review is due. Exit code 4 where there is anything."""
    from firmground.app.launching.briefs import open_brief, problems
    from firmground.gate.brief import QUESTIONS, answered

    del debug
    with opened(directory) as app:
        brief = open_brief(app, actor(app, None)).brief
        found = problems(app)
    if as_json:
        told = [each._asdict() for each in found]
        print_json({"answered": answered(brief), "questions": len(QUESTIONS), "problems": told})
    else:
        for each in found:
            say(f"{each.field}: {each.what}")
    if found:
        raise Refused(
            f"the brief has {answered(brief)} of {len(QUESTIONS)} questions answered and {len(found)} to do",
            "write them into brief.toml, or on the page /brief",
        )
    remark(f"all {len(QUESTIONS)} questions are answered")


def _lines(value: object) -> list[str]:
    if isinstance(value, tuple):
        return [str(line) for line in cast("tuple[str, ...]", value)] or ["-"]
    if isinstance(value, float):
        return [f"{value:g}"]
    return [str(value or "-")]
