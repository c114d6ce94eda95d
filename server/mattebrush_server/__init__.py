# SPDX-License-Identifier: Apache-2.0
"""Mattebrush's optional localhost server: the engine kept warm for plug-ins, scripts and a browser.

From the wire inward: `gate` takes bytes (waitress), `app` and the `api_*` modules speak HTTP,
`service` owns the jobs, `lanes` puts a fair queue and a worker process before each device, `worker`
is what runs in that process and calls the engine. `blobs` carries pictures between the processes.
"""
