"""Pure functions over .tflite files and board files: graph, memory plan, cost, verdict."""
