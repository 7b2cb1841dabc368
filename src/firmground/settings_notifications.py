"""`[[notifications]]`: who is told what, and how."""

import difflib
import re
from fnmatch import fnmatchcase
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from firmground.outbox import EVENTS
from firmground.rights import Role
from firmground.section import SETTING, Section

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_QUIET = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d")
_PATTERN = re.compile(r"[a-z_.*]{1,40}")


class RouteSection(Section):
    """One way by which somebody is told."""

    name: Annotated[str, SETTING] = Field(description="What it is called.")
    owner: Annotated[str, SETTING] = Field(description="The person who answers for it, and is told where it fails.")
    events: Annotated[tuple[str, ...], SETTING] = Field(
        description="What is told, e.g. review.opened or review.*; `*` for everything."
    )
    channel: Annotated[Literal["webhook", "mail", "page"], SETTING] = Field(description="How.")
    roles: Annotated[tuple[Role, ...], SETTING] = Field((), description="Of mail and page: everybody who has one of these roles.")
    to: Annotated[tuple[str, ...], SETTING] = Field((), description="Of mail: these addresses besides.")
    url_env: Annotated[str, SETTING] = Field("", description="Of a webhook: environment variable that holds its address.")
    secret_env: Annotated[str, SETTING] = Field(
        "", description="Of a webhook: environment variable with the secret that messages are signed with."
    )
    format: Annotated[Literal["json", "slack", "teams"], SETTING] = Field("json", description="Of a webhook: who reads it.")
    digest: Annotated[Literal["at_once", "hourly", "daily"], SETTING] = Field(
        "at_once",
        description="Whether messages are sent one by one, or gathered: every full hour, or at 8:00 in the zone of the calendar.",
    )
    quiet: Annotated[str, SETTING] = Field(
        "", description="Hours in which nothing but what is urgent is sent, e.g. 18:00-08:00, in the time zone of the calendar."
    )

    @field_validator("name")
    @classmethod
    def _plain(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError("use small letters, digits, - and _")
        return name

    @field_validator("owner")
    @classmethod
    def _somebody(cls, owner: str) -> str:
        if not owner.strip():
            raise ValueError("name the person who answers for it, as `firmground person list` shows them")
        return owner

    @field_validator("events")
    @classmethod
    def _known(cls, events: tuple[str, ...]) -> tuple[str, ...]:
        if not events:
            raise ValueError('name events, e.g. ["review.*"]; "*" for everything')
        for each in events:
            if not _PATTERN.fullmatch(each) or not any(fnmatchcase(known, each) for known in EVENTS):
                near = difflib.get_close_matches(each, EVENTS, n=1, cutoff=0.5)
                raise ValueError(
                    f"there is no event {each[:40]!r}; " + (f"did you mean {near[0]}?" if near else f"use {', '.join(EVENTS)}")
                )
        return events

    @field_validator("quiet")
    @classmethod
    def _hours(cls, quiet: str) -> str:
        if quiet and (not _QUIET.fullmatch(quiet) or quiet[:5] == quiet[6:]):
            raise ValueError("write the hours like 18:00-08:00")
        return quiet

    @model_validator(mode="after")
    def _fits_its_channel(self) -> Self:
        if self.channel == "webhook":
            if not self.url_env:
                raise ValueError(f"the webhook {self.name} needs url_env, the environment variable that holds its address")
            if self.format == "json" and not self.secret_env:
                raise ValueError(f"the webhook {self.name} needs secret_env, the variable with the secret that it is signed with")
        elif self.url_env or self.secret_env or self.format != "json":
            raise ValueError(f"url_env, secret_env and format are of webhooks, and {self.name} is of the channel {self.channel}")
        if self.channel == "page" and not self.roles:
            raise ValueError(f"{self.name} tells nobody; name roles")
        if self.channel == "mail" and not self.roles and not self.to:
            raise ValueError(f"{self.name} tells nobody; name roles, or addresses in to")
        if self.to and self.channel != "mail":
            raise ValueError(f"to is of mail, and {self.name} is of the channel {self.channel}")
        if self.roles and self.channel == "webhook":
            raise ValueError(f"roles are of mail and pages, and {self.name} is of the channel webhook")
        return self
