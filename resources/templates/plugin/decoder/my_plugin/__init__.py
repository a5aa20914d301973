"""A plugin of Mote Studio."""
