"""The messages and the stub of proto/ruyi/v1, made when the wheel is built."""
