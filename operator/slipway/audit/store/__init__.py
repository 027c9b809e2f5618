"""Where the chain lies: the protocol, a SQL database behind it, and the archive of its oldest part."""
