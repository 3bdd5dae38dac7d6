"""What each shop platform sends, how it signs, and what it means."""
