"""`[consent]` and `[retention]`: what people agree to before they ask, and how long what is kept of them stays."""

from typing import Annotated, Literal

from pydantic import Field

from firmground.section import SETTING, Section

_FOR_EVER = "; 0: for ever."
_MOST = 36_500


class ConsentSection(Section):
    text_file: Annotated[str, SETTING] = Field(
        "",
        description="A text in Markdown that everybody agrees to before their first question, and again when it changes; none when empty.",
    )
    signals: Annotated[Literal["off", "ask", "on"], SETTING] = Field(
        "ask",
        description="Whether it is noted how people use answers (copied, a source opened, asked again): off; of who agrees (ask); or of all"
        " who do not object (on).",
    )


class RetentionSection(Section):
    answers: Annotated[int, SETTING] = Field(
        0, ge=0, le=_MOST, description=f"Days that answers stay, with what was said of them{_FOR_EVER}"
    )
    evaluation_answers: Annotated[int, SETTING] = Field(
        0, ge=0, le=_MOST, description=f"Days that answers to golden cases stay; what they came to stays longer{_FOR_EVER}"
    )
    sessions: Annotated[int, SETTING] = Field(
        30, ge=0, le=_MOST, description=f"Days that sessions stay once they are over{_FOR_EVER}"
    )
    links: Annotated[int, SETTING] = Field(30, ge=0, le=_MOST, description=f"Days that links stay once they are over{_FOR_EVER}")
    messages: Annotated[int, SETTING] = Field(
        90, ge=0, le=_MOST, description=f"Days that messages stay which were told, read or given up{_FOR_EVER}"
    )
    usage: Annotated[int, SETTING] = Field(
        400, ge=0, le=_MOST, description=f"Days for which it is known who used how much{_FOR_EVER}"
    )
    jobs: Annotated[int, SETTING] = Field(0, ge=0, le=_MOST, description=f"Days that jobs stay which have ended{_FOR_EVER}")
