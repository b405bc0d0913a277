"""Reading chat logs: a source as a stream of conversations and rejects. The heavy libraries are imported when
needed.
"""

from core.load.readers import fingerprint
from core.load.records import JSON, Conversation, Reject, SourceInfo, Turn
from core.load.source import LoadSource, open_source

__all__ = ["JSON", "Conversation", "LoadSource", "Reject", "SourceInfo", "Turn", "fingerprint", "open_source"]
