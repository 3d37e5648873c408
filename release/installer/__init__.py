"""The installer of an archive: `python3 -m installer`, or `./install.sh`."""
