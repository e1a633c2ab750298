"""Our own scorer, compute and output formats, registered as a stranger's would be.

By import string, so that this floor needs nothing from the floors above and beside it.
"""

from __future__ import annotations

from framework.plugin.spec import Register, hookimpl


@hookimpl
def register_scorers(register: Register) -> None:
    """The scorer that runs Azure ML's scoring scripts."""
    register(
        "script",
        "framework.scoring.child.script:ScriptScorer",
        summary="a scoring script with init() and run(mini_batch)",
    )


@hookimpl
def register_computes(register: Register) -> None:
    """The compute that needs no cluster, the one for a cluster that is there, others."""
    register("local", "framework.engine.local:LocalCompute", summary="instances on this machine")
    register(
        "dask", "framework.engine.attached:DaskCompute", summary="workers of a running cluster"
    )
    register(
        "local_cuda",
        "framework.engine.local_cuda:LocalCudaCompute",
        summary="one for each GPU",
    )
    register("ssh", "framework.engine.ssh:SshCompute", summary="instances on hosts, by SSH")
    for name in ("slurm", "pbs", "sge", "lsf"):
        factory = f"framework.engine.job_queues:{name.title()}Compute"
        register(name, factory, summary=f"instances as jobs in a queue of {name.upper()}")
    register(
        "kubernetes", "framework.engine.kubernetes:KubernetesCompute", summary="instances as pods"
    )


@hookimpl
def register_output_formats(register: Register) -> None:
    """The formats of tables of text, of JSON lines and of Parquet."""
    register("csv", "framework.outputs.text:CsvFormat", summary="text, separated by commas")
    register("tsv", "framework.outputs.text:TsvFormat", summary="text, separated by tabs")
    register("jsonl", "framework.outputs.jsonl:JsonlFormat", summary="one JSON object a row")
    register("parquet", "framework.outputs.parquet:ParquetFormat", summary="one Parquet file")
