"""Where questions come from: local files, the Hub, the generated encyclopedia, the user's own class.

Level 2; imports only lower levels. Tests: tests/questions/.
"""
