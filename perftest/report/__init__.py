# SPDX-License-Identifier: Apache-2.0
"""The performance report: runs the benchmarks in rounds, judges what comes out, and writes it down."""
