"""Lists that several services page by themselves, shown as one."""
