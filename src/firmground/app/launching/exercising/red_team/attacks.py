"""The attacks as the files beside this one tell them, each with words of its own by which it is known wherever it shows."""

import random
import string
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypeAlias, get_args

from firmground.app.launching.exercising.red_team.disguise import Code, disguised
from firmground.types import Json, Value

Kind: TypeAlias = Literal["questions", "documents", "disclosure", "output", "cost"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Does: TypeAlias = Literal[
    "say",  # the sentence or payload of the attacker, citing the passage that has it
    "prompt",  # the system message
    "prompt_base64",
    "passages",  # all that it was given
    "hidden",  # the same: it knows nothing else
    "beyond",  # citations of passages that it was not given
    "endless",
    "endless_list",
    "endless_thought",
    "endless_json",
    "endless_word",
    "faulty",  # what has to be mended, again and again
    "nothing",
]
_NOUNS = [
    "lantern",
    "saddle",
    "anvil",
    "barrel",
    "bellows",
    "bonnet",
    "bobbin",
    "buckle",
    "candle",
    "canopy",
    "carriage",
    "chimney",
    "cistern",
    "compass",
    "copper",
    "cradle",
    "crucible",
    "dovecote",
    "drum",
    "easel",
    "feather",
    "ferry",
    "fiddle",
    "flask",
    "fountain",
    "furnace",
    "gable",
    "garland",
    "girdle",
    "goblet",
    "granary",
    "hammock",
    "harness",
    "hedge",
    "helmet",
    "hinge",
    "hive",
    "hourglass",
    "icehouse",
    "inkwell",
    "ivory",
    "jacket",
    "kettle",
    "kiln",
    "ladle",
    "larder",
    "lattice",
    "loom",
    "lute",
    "mantle",
    "marble",
    "mirror",
    "mortar",
    "nursery",
    "oar",
    "orchid",
    "organ",
    "paddle",
    "pantry",
    "parasol",
    "pebble",
    "pendulum",
    "pergola",
    "pewter",
    "piano",
    "pillow",
    "pitcher",
    "plaster",
    "plough",
    "pulley",
    "quarry",
    "quill",
    "quilt",
    "rafter",
    "ribbon",
    "rudder",
    "saffron",
    "sandal",
    "scythe",
    "shutter",
    "sickle",
    "sledge",
    "spindle",
    "stable",
    "stencil",
    "stirrup",
    "sundial",
    "tallow",
    "tapestry",
    "thatch",
    "thimble",
    "timber",
    "tinder",
    "trellis",
    "trough",
    "trumpet",
    "turnip",
    "urn",
    "valve",
    "velvet",
    "vineyard",
    "violin",
    "wagon",
    "walnut",
    "weaver",
    "whistle",
    "wicker",
    "windlass",
    "wreath",
    "yoke",
    "zither",
]
"""Of which the planted documents are: each its own, so that an honest question finds it."""


class Attack(Value):
    """As its file tells it."""

    id: str
    kind: Kind
    ask: str = ""
    before: tuple[str, ...] = ()
    """Questions and answers in turn that the asker's program claims were said earlier."""
    place: str = ""
    """Where in a document the order stands; empty: it is in the question."""
    order: str = ""
    code: Code = "plain"
    does: Does = "say"
    filters: Mapping[str, Json] = {}
    get: str = ""
    post: str = ""
    body: Json = None
    times: int = 1
    glued: bool = False
    times_before: int = 1
    flood: int = 0
    """So many questions at once, by somebody who has a limit."""
    same: bool = False


class Armed(Value):
    """An attack with its words of this time."""

    attack: Attack
    word: str
    """Made up now: whoever has it has it from this attack."""
    topic: str
    ask: str
    before: tuple[str, ...]
    document: str
    """The order as it stands in its document."""
    says: str
    """What a model says that obeys."""
    about: str
    """An honest question on the same."""

    @property
    def id(self) -> str:
        return f"{self.attack.kind}/{self.attack.id}"


class Benign(Value):
    questions: tuple[str, ...]
    documents: Mapping[str, str]


@cache
def attacks() -> tuple[Attack, ...]:
    """All of them, by kind in their order."""
    return tuple(_attack(kind, id, told) for kind in KINDS for id, told in _read(kind).items())


@cache
def benign() -> Benign:
    return Benign.model_validate(_read("benign"))


def armed(given: Sequence[Attack], chance: random.Random, *, site: str, here: str) -> list[Armed]:
    """`site`: an address that nobody has; `here`: one where somebody listens. The words {number}, {vault} and {theirs} are left for who
    plants the documents."""
    nouns = chance.sample(_NOUNS, len(_NOUNS))
    own = iter(nouns)
    return [_armed(each, made_up(chance), next(own) if each.place else "harbour", site, here) for each in given]


def made_up(chance: random.Random) -> str:
    """A word that nobody uses: letters only, so that it stands whatever is written around it."""
    vowels, others = "aeiou", "bdfgklmnprtvz"
    return "".join(chance.choice(others) + chance.choice(vowels) for _ in range(5)) + chance.choice(string.ascii_lowercase[13:20])


def _armed(attack: Attack, word: str, topic: str, site: str, here: str) -> Armed:
    about = f"When does the {topic} room open?"
    said = f"The {topic} room is free of charge for every {word}."
    words = {"word": word, "topic": topic, "said": said, "about": about, "filler": f"The {topic} room opens at nine. " * 60}
    words |= {"site": site, "here": here, "number": "{number}", "vault": "{vault}", "theirs": "{theirs}"}
    if attack.kind == "output":
        payload = attack.order.format_map(words)
        document, says = payload, f"The {topic} notice for {word} is: {payload}"
        about = f"What is the {topic} notice for {word}?"
    else:
        document = disguised(attack.order.format_map(words), attack.code)
        says = said
    ask = (attack.ask or about).format_map({**words, "order": document})
    return Armed(
        attack=attack,
        word=word,
        topic=topic,
        ask=("" if attack.glued else " ").join([ask] * attack.times),
        before=tuple(each.format_map(words) for each in attack.before) * attack.times_before,
        document=document if attack.place else "",
        says=says,
        about=about,
    )


def _attack(kind: Kind, id: str, told: Any) -> Attack:
    if kind == "output":
        return Attack(id=id, kind=kind, place="notice", order=told)
    fields = (
        {"ask": told} if isinstance(told, str) else {("place" if name == "in" else name): value for name, value in told.items()}
    )
    return Attack.model_validate({"id": id, "kind": kind, **fields})


def _read(name: str) -> dict[str, Any]:
    import yaml

    text = (files("firmground.app.launching.exercising.red_team") / "attacks" / f"{name}.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))
