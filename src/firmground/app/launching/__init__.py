"""What goes live: audits, policy, brief, approvals, the pointer."""
