"""The web page: HTML, a style and small modules, without a framework or a build; it asks nothing of other hosts."""
