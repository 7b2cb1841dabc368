"""People, groups and keys."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field, StringConstraints

from firmground.accounts import ApiKey
from firmground.app.access import accounts, keys, links, people
from firmground.app.access.names import folded
from firmground.errors import InvalidInput
from firmground.rights import RIGHTS, Right, Role
from firmground.web.api.description import located, refused
from firmground.web.api.shapes import PREFIX, Body, Name
from firmground.web.visit import TheVisit, in_person

Password = Annotated[str, StringConstraints(max_length=1024)]

_ADMINISTRATORS = "You are no administrator."

router = APIRouter()


class NewKey(Body):
    name: Name
    person: Name | None = Field(None, description="For whom it acts; yourself when absent.")
    groups: list[Name] | None = Field(
        None, max_length=1000, description="Of a key for a page elsewhere: what its visitors may see."
    )
    origins: list[Name] = Field([], max_length=100, description="Of a key for a page elsewhere: the sites it is on.")
    expires_days: int | None = Field(None, ge=1, le=3650)
    scopes: list[Right] | None = Field(
        None,
        max_length=len(RIGHTS),
        description="What it may do of what its person may do at each moment; when absent all but `self`, `people` and `own`.",
    )


class MadeKey(Body):
    key: ApiKey
    secret: str = Field(description="Shown here and never again.")


class Keys(Body):
    keys: list[ApiKey]


class NewPerson(Body):
    name: Name
    groups: list[Name] = Field([], max_length=1000)
    role: Role = "user"
    password: Password | None = Field(None, description="With one they may sign in.")
    invite: bool = Field(False, description="Instead of a password: they choose it themselves, by a link that is good once.")


class Person(Body):
    name: str
    groups: list[str]
    role: Role
    account_since: datetime | None


class MadePerson(Person):
    url: str | None = Field(description="The link by which they choose their password. Shown here and never again.")


class People(Body):
    people: list[Person]


class NewGroup(Body):
    name: Name
    members: list[Name] = Field([], max_length=1000)


class Groups(Body):
    groups: dict[str, list[str]]


@router.get("/keys")
async def get_keys(visit: TheVisit) -> Keys:
    """Your keys; administrators see all. Never their secrets."""
    return Keys(keys=await visit.run(keys.keys, visit.app, visit.actor))


@router.post(
    "/keys",
    status_code=201,
    responses=located(201, "Location", "Of the list of keys.")
    | refused(
        {
            400: "A name that no key can have or that is taken, or an origin that is no site.",
            403: "For somebody else, or by a key, without being an administrator; for an owner, or for what you may not do.",
            404: "There is no such person or group.",
            409: "There is no owner yet, so keys are for nothing.",
        }
    ),
)
async def post_key(body: NewKey, visit: TheVisit, response: Response) -> MadeKey:
    """A new key: it acts for a person, or, with `origins`, is for a page elsewhere."""
    in_person(visit, "make keys")
    if body.origins or body.groups is not None:
        key, secret = await visit.run(
            keys.add_widget_key,
            visit.app,
            visit.actor,
            body.name,
            origins=body.origins,
            groups=body.groups or [],
            days=body.expires_days,
        )
    else:
        person = body.person or visit.actor.person
        key, secret = await visit.run(
            keys.add_key, visit.app, visit.actor, body.name, person=person, days=body.expires_days, scopes=body.scopes
        )
    response.headers["Location"] = f"{PREFIX}/keys"
    return MadeKey(key=key, secret=secret)


@router.delete("/keys/{name:path}", status_code=204, responses=refused({404: "There is no such key, or it is not yours."}))
async def delete_key(name: str, visit: TheVisit) -> None:
    """It is refused from this moment on."""
    await visit.run(keys.remove_key, visit.app, visit.actor, name)


@router.get("/people", responses=refused({403: _ADMINISTRATORS}))
async def get_people(visit: TheVisit) -> People:
    """Everybody, for administrators."""
    return People(people=[_person(each) for each in await visit.run(people.directory, visit.app, visit.actor)])


@router.post(
    "/people",
    status_code=201,
    responses=refused(
        {
            400: "A name or group that cannot be, or that could be taken for another; a password that is too easy.",
            403: "You are no administrator, would make an owner and are none, or would make an administrator by a key.",
            409: "There is no owner yet, so nobody signs in.",
        }
    ),
)
async def post_person(body: NewPerson, visit: TheVisit) -> MadePerson:
    """Make a person known, with a password or an invitation so that they may sign in. For administrators; owners are made by owners."""
    url = None
    if body.invite or body.password is not None or body.role == "owner":
        if body.invite and body.password is not None:
            raise InvalidInput("either a password or an invitation", "leave one of them out")
        made = await visit.run(
            accounts.add_account,
            visit.app,
            visit.actor,
            body.name,
            None if body.invite else body.password or "",
            role=None if body.role == "user" else body.role,
            groups=body.groups,
        )
        if body.invite:
            _, secret = await visit.run(links.make, visit.app, visit.actor, made.person)
            url = links.url(visit.app, secret)
    else:
        await visit.run(people.add_person, visit.app, visit.actor, body.name, role=body.role, groups=body.groups)
    known = await visit.run(people.directory, visit.app, visit.actor)
    found = next(_person(each) for each in known if folded(each.name) == folded(body.name))
    return MadePerson(**found.model_dump(), url=url)


@router.delete(
    "/people/{name:path}",
    status_code=204,
    responses=refused(
        {
            403: "You are no administrator, or they are an owner and you are none.",
            404: "There is no such person.",
            409: "They are the last owner.",
        }
    ),
)
async def delete_person(name: str, visit: TheVisit) -> None:
    """Forget a person; their sessions and keys end at once."""
    await visit.run(people.remove_person, visit.app, visit.actor, name)


@router.get("/groups", responses=refused({403: _ADMINISTRATORS}))
async def get_groups(visit: TheVisit) -> Groups:
    """Every group with who is in it, for administrators."""
    return Groups(groups=await visit.run(people.groups, visit.app, visit.actor))


@router.post(
    "/groups",
    status_code=201,
    responses=refused({400: "A name that no group can have.", 403: _ADMINISTRATORS, 404: "There is no such person."}),
)
async def post_group(body: NewGroup, visit: TheVisit) -> Groups:
    """Make a group known, and put people in it."""
    await visit.run(people.add_group, visit.app, visit.actor, body.name, members=body.members)
    return Groups(groups=await visit.run(people.groups, visit.app, visit.actor))


@router.delete(
    "/groups/{group}/members/{person}",
    status_code=204,
    responses=refused({403: _ADMINISTRATORS, 404: "There is no such group, or they are not in it."}),
)
async def delete_member(group: str, person: str, visit: TheVisit) -> None:
    """Take a person out of a group."""
    await visit.run(people.remove_members, visit.app, visit.actor, group, [person])


def _person(known: people.Known) -> Person:
    account = known.account
    return Person(
        name=known.name,
        groups=list(known.groups),
        role=known.role,
        account_since=None if account is None else account.created_at,
    )
