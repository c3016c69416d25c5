"""What the API's answers hold, and what may be sent: plain values with their bounds."""
