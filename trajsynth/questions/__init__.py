"""Where questions come from: local files, the Hub, the generated encyclopedia, the user's own class.

Level 2; imports only lower levels. Tests: tests/questions/.
"""

from trajsynth.questions.sources import Source, all_documents, load_questions, open_questions

__all__ = ["Source", "all_documents", "load_questions", "open_questions"]
