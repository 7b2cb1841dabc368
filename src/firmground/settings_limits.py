"""`[limits]`: what people, keys, addresses and the workspace may use, and what one answer may take. 0 is always: as much as they like."""

from typing import Annotated

from pydantic import Field

from firmground.section import SETTING, Section

# What a small team never comes near is limited as shipped: a program that asks in a loop, an answer that goes on and on. What a day or a
# month may cost only you can know, so that is not.

_Whole = Annotated[int, SETTING]
_Dollars = Annotated[float, SETTING]
_DAY = "on one day (UTC)"
_MONTH = "in one month (UTC)"


class SpendingLimits(Section):
    """What counts over days and months."""

    answers_a_day: _Whole = Field(0, ge=0, description=f"Answers {_DAY}; after that questions are refused until it is over.")
    answers_a_month: _Whole = Field(0, ge=0, description=f"Answers {_MONTH}; after that questions are refused until it is over.")
    tokens_a_day: _Whole = Field(0, ge=0, description=f"Tokens that models read and write {_DAY}; after that answers are quotes.")
    tokens_a_month: _Whole = Field(
        0, ge=0, description=f"Tokens that models read and write {_MONTH}; after that answers are quotes."
    )
    usd_a_day: _Dollars = Field(0.0, ge=0, description=f"USD that models cost {_DAY}, as far as prices are known; then quotes.")
    usd_a_month: _Dollars = Field(
        0.0, ge=0, description=f"USD that models cost {_MONTH}, as far as prices are known; then quotes."
    )


class PersonLimits(SpendingLimits):
    requests_a_minute: _Whole = Field(120, ge=0, description="Questions, searches and uploads of one person in one minute.")
    upload_megabytes_a_day: _Whole = Field(10_000, ge=0, description=f"Megabytes that one person uploads {_DAY}.")


class KeyLimits(SpendingLimits):
    requests_a_minute: _Whole = Field(
        600,
        ge=0,
        description="Questions, searches and uploads by one key in one minute; those of a person count for them as well.",
    )


class AddressLimits(Section):
    requests_a_minute: _Whole = Field(
        600, ge=0, description="Questions, searches and uploads from one address in one minute; a whole office may share one."
    )


class AnswerLimits(Section):
    tokens: _Whole = Field(200_000, ge=0, description="Tokens that models read and write for one answer.")
    usd: _Dollars = Field(10.0, ge=0, description="USD that models cost for one answer, as far as prices are known.")


class LimitsSection(Section):
    person: PersonLimits = PersonLimits.model_construct()
    key: KeyLimits = KeyLimits.model_construct()
    address: AddressLimits = AddressLimits.model_construct()
    workspace: SpendingLimits = SpendingLimits.model_construct()
    answer: AnswerLimits = AnswerLimits.model_construct()
