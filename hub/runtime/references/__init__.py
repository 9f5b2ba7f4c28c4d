"""From what a person names to an entry and its files: references, paths, unlisted repositories, downloads."""
