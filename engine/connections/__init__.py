"""The standing links to providers: finding servers, logging in, saying what went wrong."""
