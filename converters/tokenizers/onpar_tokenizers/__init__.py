"""onpar's plug-ins for Hugging Face Tokenizers."""
