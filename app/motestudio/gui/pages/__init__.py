"""One package per page; pages never import pages."""
