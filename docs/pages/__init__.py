"""The site's generators, one file a kind of page; what they write goes to `build/`, none of it into git."""
