"""Who went to a provider to sign in and is not back yet."""

from datetime import datetime

from sqlalchemy import delete, func, select

from firmground.identities import SignIn
from firmground.store.tables import sign_ins
from firmground.store.unit import Unit

_c = sign_ins.c
_SIGN_IN = tuple(_c[name] for name in SignIn.model_fields)


class UnderWay(Unit):
    """The chapter of a transaction on people who are on their way."""

    def begin_sign_in(self, state: str, sign_in: SignIn) -> None:
        self._insert(sign_ins, [{**sign_in.model_dump(mode="json"), "state": state}])

    def sign_in_under_way(self, state: str) -> SignIn | None:
        found = self._rows(select(*_SIGN_IN).where(_c.state == state))
        return SignIn.model_validate(dict(zip(SignIn.model_fields, found[0], strict=True))) if found else None

    def take_sign_in(self, state: str) -> SignIn | None:
        found = self.sign_in_under_way(state)
        return found if self._connection.execute(delete(sign_ins).where(_c.state == state)).rowcount else None

    def sign_ins_under_way(self, address: str | None = None) -> int:
        counted = select(func.count()).select_from(sign_ins)
        return int(self._value(counted if address is None else counted.where(_c.address == address)))

    def drop_sign_ins(self, *, expired_at: datetime) -> None:
        """Stamps are compared as texts: all are to the second."""
        now = expired_at.replace(microsecond=0)
        stamp = SignIn.model_construct(expires_at=now).model_dump(mode="json", include={"expires_at"})["expires_at"]
        self._connection.execute(delete(sign_ins).where(_c.expires_at <= stamp))
