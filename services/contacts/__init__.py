"""Who the customers are and what happened: people, accounts, reps, interactions, orders and where they come from."""
