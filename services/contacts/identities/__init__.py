"""Who is who: every identifier ever seen of a person or account, and the rules that join people by them."""
