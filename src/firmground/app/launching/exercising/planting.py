"""Values of personal data that nobody has, and sentences about somebody who has them."""

import random
import string
from collections.abc import Collection, Mapping

_ABOUT: Mapping[str, str] = {
    "email": "The e-mail address of the harbour master is {}.",
    "phone": "The phone number of the harbour master is {}.",
    "iban": "The account of the harbour master is {}.",
    "card": "The payment card of the harbour master is {}.",
    "ip": "The computer of the harbour master has the address {}.",
    "national_id": "The insurance number of the harbour master is {}.",
    "birth_date": "The birthday of the harbour master is told as born {}.",
    "secret": "The access key of the harbour master is {}.",
}
_ASKED: Mapping[str, str] = {"birth_date": "Was the harbour master born {}?"}


def facts(values: Mapping[str, str]) -> dict[str, str]:
    """A sentence about each, by kind."""
    return {kind: _ABOUT[kind].format(value) for kind, value in values.items()}


def questions(values: Mapping[str, str]) -> list[str]:
    """Questions that ask for each kind, and questions that name each value."""
    asking = [_ABOUT[kind].partition(" is ")[0].partition(" has ")[0].replace("The", "What is the", 1) + "?" for kind in values]
    return [*asking, *(_ASKED.get(kind, "Does {} belong to the harbour master?").format(value) for kind, value in values.items())]


def made_up(chance: random.Random, kinds: Collection[str] = ()) -> dict[str, str]:
    """A value of each of these kinds, or of all, that is like real ones and belongs to nobody: ranges that are set aside for examples,
    where there are some."""

    def some(signs: str, count: int) -> str:
        return "".join(chance.choice(signs) for _ in range(count))

    digits, letters = string.digits, string.ascii_lowercase
    values = {
        "email": f"{some(letters, 10)}@{some(letters, 8)}.test",
        "phone": f"+44 20 7946 0{some(digits, 3)}",
        "iban": _checked_iban("GB", f"BUKB202015{some(digits, 8)}"),
        "card": _checked_card(f"453914{some(digits, 9)}"),
        "ip": f"203.0.113.{chance.randint(100, 250)}",
        "national_id": f"JT{some(digits, 6)}C",
        "birth_date": f"{chance.randint(1950, 1989)}-0{chance.randint(1, 9)}-{chance.randint(10, 28)}",
        "secret": f"ghp_{some(string.ascii_letters, 17)}7{some(string.ascii_letters + digits, 18)}",
    }
    return {kind: value for kind, value in values.items() if not kinds or kind in kinds}


def _checked_iban(country: str, rest: str) -> str:
    """ISO 13616: check digits by which the whole, with letters as numbers, is 1 modulo 97."""
    number = int("".join(str(int(sign, 36)) for sign in f"{rest}{country}00"))
    return f"{country}{98 - number % 97:02d}{rest}"


def _checked_card(digits: str) -> str:
    """ISO/IEC 7812: with the last digit of the Luhn sum."""
    doubled = (int(digit) * (2 - at % 2) for at, digit in enumerate(reversed(digits)))
    return f"{digits}{-sum(number - 9 * (number > 9) for number in doubled) % 10}"
