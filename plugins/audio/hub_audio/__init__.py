"""Model plugins for sound: speech recognition, speech synthesis, voice activity detection."""
