"""The words of `campaigns` in every shipped language; texts are stored as codes and rendered when somebody reads."""

from services.kit.texts import Catalogue

WORDS = Catalogue("services.campaigns")
