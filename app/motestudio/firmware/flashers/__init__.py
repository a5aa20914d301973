"""What is known of the tools that write a chip's flash: command lines, progress, and their last words as errors."""
