"""The way in: what every request passes before a service sees it, and every answer on its way out."""
