"""What people are told: written with what it tells of, shown in the page, and sent by e-mail as each has chosen."""
