"""Tools served over MCP by processes of their own: `python -m trajsynth.tools.servers.corpus`."""
