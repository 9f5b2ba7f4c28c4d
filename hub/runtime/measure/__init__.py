"""Measures of models on this machine: size, load time, memory, speed, and fidelity to what a model was made from.

Each measure is taken in a fresh process, so that neither memory nor imports of one candidate show in another.
`speed.measure` times subjects in turn; `comparison.compare` tells what a change lost; `record` is what is kept.
"""
