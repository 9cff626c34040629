"""An ingest on many processes and machines: units of files, a worker each, and one collection of what they made.

fleet_ingest.py   the job: which files, which units, the workers, the merge
job_folder.py     what is on record of a job, so that a killed one goes on
unit_ingest.py    what a worker does: a unit's files into Parquet files
ray_workers.py    the workers as actors of Ray, units handed to them, and again where one died
"""

from __future__ import annotations

from passagework.ingest.distributed.fleet_ingest import fleet_ingest
from passagework.ingest.distributed.ray_workers import Cluster
from passagework.ingest.distributed.unit_ingest import UnitOptions

__all__ = ["Cluster", "UnitOptions", "fleet_ingest"]
