"""The journal in, what the office gets or decides out."""
