"""What the studio is about, as frozen data: no files, no processes, stdlib and numpy only."""
