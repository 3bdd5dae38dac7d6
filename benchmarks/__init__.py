"""Every performance figure that Kith quotes comes from a command in here; figures are ratios within one run."""
