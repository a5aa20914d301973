"""Work in other processes: messages, channel, launcher, runner and queue. Nothing here knows what the work is."""
