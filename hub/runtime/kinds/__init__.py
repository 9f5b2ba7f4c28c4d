"""Inputs and answers by their kind: read into the kind's Python type, described, and written in a form of files.

The codecs come from plugins. Knows kinds, not tasks or models.
"""
