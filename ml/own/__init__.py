"""Models that a researcher trained without the platform's trainers: packaged, checked and run as ONNX or skops."""
