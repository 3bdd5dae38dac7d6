"""Connected shops: their secrets, the calls they make, and what becomes of each call."""
