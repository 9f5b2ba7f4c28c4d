"""Text generation: over runtimes that converse, and over those that continue token ids."""
