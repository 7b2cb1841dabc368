"""`[guard]`: what is looked for in documents and questions, and what becomes of it."""

import re
from typing import Annotated, Literal, Self, cast

from pydantic import Field, field_validator, model_validator

from firmground.section import SETTING, Section

KINDS = ("email", "phone", "iban", "card", "ip", "secret", "national_id", "birth_date", "name", "address", "place")
"""What can be looked for without patterns of one's own; places are known to Presidio only."""
_MOST_PATTERNS = 100


def compiled(pattern: str) -> object:
    """The pattern, as RE2 reads it. ValueError where it is none."""
    import re2  # pyright: ignore[reportMissingTypeStubs]

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options=options)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    except re2.error as error:  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        said = cast("Exception", error).args[0]
        reason = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        raise ValueError(f"RE2 cannot read it ({reason}); it has neither look-around nor back-references") from None


class CustomPattern(Section):
    """Personal data that only this team knows the form of, such as staff numbers."""

    kind: Annotated[str, SETTING] = Field(description="What it is called, in small letters, e.g. staff_number.")
    pattern: Annotated[str, SETTING] = Field(
        description="Regular expression in the syntax of RE2; a group named value says what of it counts."
    )
    score: Annotated[float, SETTING] = Field(0.9, gt=0, le=1, description="How sure a match is.")

    @field_validator("pattern")
    @classmethod
    def _known(cls, pattern: str) -> str:
        compiled(pattern)
        return pattern

    @field_validator("kind")
    @classmethod
    def _plain(cls, kind: str) -> str:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,30}", kind):
            raise ValueError("use small letters, digits and _")
        return kind


class GuardSection(Section):
    quarantine_instructions: Annotated[bool, SETTING] = Field(
        True, description="Documents that seem to give orders to a model wait until a person releases them."
    )
    questions: Annotated[Literal["allow", "mask", "refuse"], SETTING] = Field(
        "mask",
        description="What becomes of personal data in questions: allow; mask (placeholders take its place, the asker still reads what they"
        " wrote); or refuse.",
    )
    kinds: Annotated[tuple[str, ...], SETTING] = Field(
        (),
        description="Kinds of personal data that are looked for besides those of patterns: email, phone, iban, card, ip, secret,"
        " national_id, birth_date, name, address; all but names and addresses when empty.",
    )
    phone_regions: Annotated[tuple[str, ...], SETTING] = Field(
        (),
        description="Countries (ISO 3166, e.g. DE) whose phone numbers are known without + and without a word beside them; thirteen large"
        " ones when empty.",
    )
    names: Annotated[Literal["off", "presidio"], SETTING] = Field(
        "off",
        description="Who looks for names of people and places: nobody, or Presidio with a model of spaCy (extra: presidio).",
    )
    names_model: Annotated[str, SETTING] = Field("", description="Folder or package of the spaCy model, for names = presidio.")
    patterns: Annotated[tuple[CustomPattern, ...], SETTING] = Field(
        (), max_length=_MOST_PATTERNS, description="Personal data of your own forms."
    )

    @field_validator("phone_regions")
    @classmethod
    def _countries(cls, regions: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [region for region in regions if not re.fullmatch("[A-Z]{2}", region)]:
            raise ValueError(f"{wrong[0]!r} is no country of two capital letters, such as DE")
        return regions

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        known = {*KINDS, *(own.kind for own in self.patterns)}
        if unknown := [kind for kind in self.kinds if kind not in known]:
            raise ValueError(f"guard.kinds names {unknown[0]!r}, which nobody looks for; use {', '.join(sorted(known))}")
        if self.names == "presidio" and not self.names_model:
            raise ValueError("guard.names = presidio needs guard.names_model; name the folder or the package of a spaCy model")
        if self.names == "presidio" and self.kinds and not {"name", "place"} & set(self.kinds):
            raise ValueError("guard.names looks for names, which guard.kinds leaves out; add name or place to it")
        return self
