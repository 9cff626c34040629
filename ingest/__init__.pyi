"""The public names of this package, and where each one stands."""

from .chunker import ChunkSettings as ChunkSettings
from .confinement import Confinement as Confinement
from .encoding_cost import EncodingCost as EncodingCost
from .loaders.base import OcrMode as OcrMode, Part as Part
from .maintenance.creation import create as create
from .maintenance.doctor import (
    Check as Check,
    Diagnosis as Diagnosis,
    Finding as Finding,
    Remedy as Remedy,
    Repair as Repair,
    examine as examine,
    repair as repair,
)
from .maintenance.exchange import (
    Exchanged as Exchanged,
    export_collection as export_collection,
    import_collection as import_collection,
    snapshot_collection as snapshot_collection,
)
from .maintenance.rebuild import (
    rebuild as rebuild,
    rebuild_index as rebuild_index,
)
from .maintenance.removal import delete as delete
from .pipeline import ingest as ingest
from .report import (
    Ignored as Ignored,
    IngestStage as IngestStage,
    Problem as Problem,
    Progress as Progress,
    Report as Report,
    UnreadType as UnreadType,
)
from .workers.limits import ParserLimits as ParserLimits
from .workflows.benchmark_evaluation import evaluate_benchmark as evaluate_benchmark
from .workflows.labelling import Labelling as Labelling, label_documents as label_documents
from .workflows.pair_training import (
    train as train,
)
from .writable_collection import Collection as Collection, NewDocument as NewDocument
