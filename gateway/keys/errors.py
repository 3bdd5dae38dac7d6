"""Why a key cannot be made, changed or used."""

from services.kit.problems import Conflict, Forbidden, Problem


class ScopeNotHeld(Forbidden):
    """Nobody grants a scope, a visibility or a rep that he does not have himself."""

    title = "You cannot grant what you do not have"


class KeyNotActive(Conflict):
    """The key is revoked or has expired, so it cannot be rotated or changed any more."""

    title = "This key no longer counts"


class KeyNotUsableHere(Problem):
    """The key is good, but bound to other origins or networks than the request came from."""

    status = 403
    title = "This key may not be used from here"
