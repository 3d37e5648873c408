"""The service's HTTP server: connections with time-outs, requests, and who is answered what."""
