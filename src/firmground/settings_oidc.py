"""`[oidc]`: the provider that people may sign in with, and what its word counts for here."""

from ipaddress import ip_address
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from firmground.section import SETTING, Section

MappedRole: TypeAlias = Literal["admin", "reviewer", "auditor", "user"]
"""Owners are made by hand."""


class OidcSection(Section):
    issuer: Annotated[str, SETTING] = Field(
        "", description="Address of the provider, exactly as it names itself; without one nobody signs in this way."
    )
    client_id: Annotated[str, SETTING] = Field("", description="What the provider knows this server by.")
    client_secret_env: Annotated[str, SETTING] = Field(
        "", description="Environment variable that holds the secret the provider gave; none for a public client."
    )
    name: Annotated[str, SETTING] = Field(
        "Single sign-on", min_length=1, max_length=60, description="Of the provider, on the page to sign in."
    )
    scopes: Annotated[tuple[str, ...], SETTING] = Field(
        ("openid", "profile", "email"), description="What the provider is asked for; openid is always."
    )
    person_claim: Annotated[str, SETTING] = Field(
        "preferred_username",
        description="Claim that a new person is named by; a verified e-mail address, else the subject, where there is none.",
    )
    groups_claim: Annotated[str, SETTING] = Field(
        "groups", description="Claim with the groups that the provider has somebody in."
    )
    groups: Annotated[dict[str, str], SETTING] = Field(
        {}, description="The group here for each of theirs; when empty, all of theirs under their own names."
    )
    groups_prefix: Annotated[str, SETTING] = Field(
        "", max_length=60, description="Put before names of groups that are not mapped, so that they are no group of yours."
    )
    roles: Annotated[dict[str, MappedRole], SETTING] = Field(
        {},
        description="The role that a group of theirs gives; when there are any, roles follow the provider, except those of owners.",
    )
    provision: Annotated[bool, SETTING] = Field(
        True, description="People who are new become known when they sign in; else only those who were connected before may."
    )
    allowed_groups: Annotated[tuple[str, ...], SETTING] = Field(
        (), description="Groups of theirs of which one is needed to sign in; none when empty."
    )
    session_hours: Annotated[float, SETTING] = Field(
        12,
        gt=0,
        le=8760,
        description="After which who came this way signs in again: what changed at the provider counts from then.",
    )

    @model_validator(mode="after")
    def _whole(self) -> "OidcSection":
        if not self.issuer:
            return self
        if not is_safe(self.issuer):
            raise ValueError("issuer is the address of the provider, with https and neither `?` nor `#`")
        if not self.client_id:
            raise ValueError("client_id is missing: register this server with the provider, which gives one")
        return self


def is_safe(url: str) -> bool:
    """Whether nobody listens on the way to this address: https, or plain http on this machine."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    del port  # which must be one
    plain = (
        "#" not in url and "?" not in url and "@" not in parts.netloc and url.isascii() and url.isprintable() and " " not in url
    )
    return plain and bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_here(host)))


def is_here(host: str) -> bool:
    """Whether it is this machine."""
    try:
        return host.lower() == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
