"""What a score is made of, and the tables that keep every score and its history."""
