"""Effects on the world: one module per channel, each knowing the network and never the tables."""
