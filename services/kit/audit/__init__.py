"""Who changed what: written by triggers in the change's own transaction, chained afterwards, listed, verified."""
