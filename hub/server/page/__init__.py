"""The web page: three files without a framework, which ask nothing of other hosts."""
