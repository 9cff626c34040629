"""Recordings: what is said in them, by their subtitles or by a Whisper model, with its seconds."""
