"""Pictures as files: made in their sizes and formats, kept by what they hold."""
