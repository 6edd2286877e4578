"""What grpc reads from the environment when it is first imported.

How often it looks after blocking channels that nobody waits for: every 5 seconds by
itself. But a server that is told to stop waits for its clients to take notice, and a
connection that has ended should not be found out by the next write.
"""

import os

os.environ.setdefault("GRPC_CLIENT_CHANNEL_BACKUP_POLL_INTERVAL_MS", "250")
