# SPDX-License-Identifier: Apache-2.0
"""Jobs: the published form of a request and its answer (contract), what each operation does with
the engine (operations), a job that lives over frames (session), and the transport over a child
process's pipes (pipe)."""
