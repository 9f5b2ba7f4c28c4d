"""Opened weights: the guard around every session, requests and answers, streams and cancelling."""
