"""What people, programs and the workspace may use, and what they used."""
