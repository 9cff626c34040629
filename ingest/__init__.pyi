"""The public names of this package, and where each one stands."""

from .chunker import ChunkSettings as ChunkSettings
from .confinement import Confinement as Confinement
from .encoding_cost import EncodingCost as EncodingCost
from .file_digests import FileDigests as FileDigests
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
from .personal_data.detector import (
    PERSONAL_DATA_KINDS as PERSONAL_DATA_KINDS,
    find_personal_data as find_personal_data,
)
from .personal_data.findings import LocatedPersonalData as LocatedPersonalData, PersonalData as PersonalData
from .personal_data.originals import unmask as unmask
from .personal_data.policy import PiiMode as PiiMode
from .personal_data.scan_report import ScanReport as ScanReport
from .pipeline import ingest as ingest
from .report import (
    Ignored as Ignored,
    IngestStage as IngestStage,
    IngestStopped as IngestStopped,
    Problem as Problem,
    Progress as Progress,
    Report as Report,
    UnreadType as UnreadType,
)
from .sources.addresses import PathOrSource as PathOrSource
from .sources.web_pages import WebPages as WebPages
from .watching.watch import watch as watch
from .watching.watch_status import (
    WatchState as WatchState,
    WatchStatus as WatchStatus,
    watch_status as watch_status,
)
from .workers.limits import ParserLimits as ParserLimits
from .workflows.adapting import adapt as adapt
from .workflows.benchmark_evaluation import evaluate_benchmark as evaluate_benchmark
from .workflows.labelling import Labelling as Labelling, label_documents as label_documents
from .workflows.pair_training import (
    train as train,
)
from .workflows.personal_scan import scan_files as scan_files
from .workflows.relevance_calibration import (
    Calibrated as Calibrated,
    calibrate as calibrate,
    forget_calibration as forget_calibration,
)
from .writable_collection import Collection as Collection
from .writing.added_documents import NewDocument as NewDocument
