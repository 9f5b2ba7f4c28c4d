"""Runs Whisper and translation models through CTranslate2, and turns Whisper into safetensors."""
