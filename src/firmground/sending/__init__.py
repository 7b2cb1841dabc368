"""Ways out: mail and webhooks."""
