"""Evidence that an installation keeps what SATRE asks: live checks, generated documents, and the dated pack of both."""
