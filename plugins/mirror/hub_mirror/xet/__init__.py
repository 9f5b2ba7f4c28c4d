"""What hf_xet uploads: blocks of compressed chunks (xorbs), and how files are made of them (shards).

References
----------
https://huggingface.co/docs/xet
"""
