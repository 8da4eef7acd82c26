"""Exit 0 while the lab of this container answers: the health check of the Dockerfile."""

from __future__ import annotations

import os
import sys
import urllib.request

PORT = 8501
SECONDS = 4


def healthy(port: int = PORT) -> bool:
    """Whether /_stcore/health answers, below the path that the lab is served under."""
    path = os.environ.get("STREAMLIT_SERVER_BASE_URL_PATH", "").strip("/")
    address = "/".join([f"http://127.0.0.1:{port}", *filter(None, [path]), "_stcore/health"])
    try:
        with urllib.request.urlopen(address, timeout=SECONDS) as answer:
            return answer.status == 200
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(not healthy(int(sys.argv[1]) if len(sys.argv) > 1 else PORT))
