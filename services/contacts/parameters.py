"""Query parameters that several operations of contacts take."""

from typing import Annotated

from fastapi import Query

from services.contacts.vocabulary import EffectsName, Embedding, OnMatch

Reach = Annotated[
    EffectsName, Query(description="How far the facts reach: `scores` moves scores, but starts no message or reminder.")
]
MatchRule = Annotated[
    OnMatch, Query(description="What to do where an identifier is known: answer 409, or take the row that has it.")
]
Embed = Annotated[Embedding, Query()]
