"""What it takes to run Kith somewhere: on one machine, in containers, at scale."""
