"""Board files, generator, builder and packages: runs external programs only."""
