"""Everything that does no input or output: requests, answers, and what to do next.

The clients, `tenantry.client` and `tenantry.aio`, are thin shells around it.
"""
