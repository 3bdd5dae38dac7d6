"""Teams: reps who see one another's customers."""
