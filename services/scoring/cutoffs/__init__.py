"""The lines that ranks are cut at, recorded when they are taken."""
