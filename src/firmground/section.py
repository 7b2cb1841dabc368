"""What the sections of `firmground.toml` are made of."""

from pydantic import BaseModel, ConfigDict


class Mark(str):
    """Marks a field as setting or recipe."""


SETTING = Mark("setting")
RECIPE = Mark("recipe")


class Section(BaseModel):
    """One table of the file; unknown keys are an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
