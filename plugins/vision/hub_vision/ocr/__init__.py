"""Reading text on pictures (OCR): where lines are, which way up they are, and what they say."""
