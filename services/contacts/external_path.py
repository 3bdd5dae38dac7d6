"""The end of `/external/{source}/{external_id}`: how another system names the thing; the id may hold slashes."""

import unicodedata
from typing import Annotated

from fastapi import Depends, Path

from services.contacts.vocabulary import ExternalIdentifier


async def external_path(
    source: Annotated[str, Path(description="Key of the source.", max_length=63)],
    external_id: Annotated[str, Path(description="Id in that source; it may contain slashes.", max_length=255)],
) -> ExternalIdentifier:
    """Return both parts; whether there is such a source is for the service to say."""
    # As in bodies: one id, however its letters are put together (NFC).
    return ExternalIdentifier.model_construct(source=source, id=unicodedata.normalize("NFC", external_id))


ExternalPath = Annotated[ExternalIdentifier, Depends(external_path)]
