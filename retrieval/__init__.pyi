"""The public names of this package, and where each one stands."""

from .also_in import AlsoIn as AlsoIn
from .answering.answered_question import Answer as Answer, AnswerState as AnswerState
from .answering.language_model import LanguageModel as LanguageModel
from .citations import Citation as Citation, Context as Context
from .collection.several_collections import Collections as Collections
from .collection.status import (
    IndexStatus as IndexStatus,
    Status as Status,
    TokenVectorsStatus as TokenVectorsStatus,
)
from .config import Settings as Settings
from .dense.index import IndexKind as IndexKind
from .document_map.document_map import DocumentGroup as DocumentGroup, DocumentMap as DocumentMap
from .duplicates.candidates import TextPlace as TextPlace
from .duplicates.differences import DuplicateKind as DuplicateKind, WordDifference as WordDifference
from .duplicates.duplicate_clusters import DuplicateCluster as DuplicateCluster, DuplicateMember as DuplicateMember
from .duplicates.duplicate_search import Duplicates as Duplicates, DuplicatesOf as DuplicatesOf
from .duplicates.paraphrases import paraphrases as paraphrases
from .duplicates.similar_documents import SimilarDocument as SimilarDocument
from .errors import (
    BusyError as BusyError,
    ConfigError as ConfigError,
    EncodingError as EncodingError,
    EvaluationError as EvaluationError,
    FilterError as FilterError,
    IndexMismatchError as IndexMismatchError,
    IngestError as IngestError,
    LostVersionError as LostVersionError,
    ModelUnavailableError as ModelUnavailableError,
    PassageworkError as PassageworkError,
    StoreError as StoreError,
    TrainingError as TrainingError,
)
from .evaluation import (
    Benchmark as Benchmark,
    Comparison as Comparison,
    Difference as Difference,
    Evaluation as Evaluation,
    Gate as Gate,
    Judged as Judged,
    JudgedPlaces as JudgedPlaces,
    Judgment as Judgment,
    Move as Move,
    PerQuery as PerQuery,
    Qrels as Qrels,
    QueryDifference as QueryDifference,
    Reliability as Reliability,
    Run as Run,
    StageFigures as StageFigures,
    Threshold as Threshold,
    add_judgments as add_judgments,
    compare as compare,
    evaluate as evaluate,
    load_beir as load_beir,
    load_gate as load_gate,
    load_trec as load_trec,
    read_judgments as read_judgments,
    read_qrels as read_qrels,
    read_run as read_run,
)
from .evaluation.report import render_comparison as render_comparison
from .filters.compiler import Where as Where
from .hits import Hit as Hit, Hits as Hits, Relevance as Relevance, StageScore as StageScore, Trace as Trace
from .injection import InjectionUse as InjectionUse
from .labels.head_report import (
    Confusion as Confusion,
    HeadReport as HeadReport,
    LabelFigures as LabelFigures,
    OtherFigures as OtherFigures,
)
from .labels.label_files import LabelledText as LabelledText, read_labels as read_labels
from .labels.label_head import LabelHead as LabelHead, Labelled as Labelled
from .labels.text_classifier import TextClassifier as TextClassifier
from .merged_hits import MergedContext as MergedContext, MergedHits as MergedHits
from .models.bi_encoder import BiEncoder as BiEncoder
from .models.cross_encoder import CrossEncoderReranker as CrossEncoderReranker
from .models.encoder import Encoder as Encoder
from .models.facts import ModelFacts as ModelFacts, ModelKind as ModelKind, Prompts as Prompts
from .models.local_models import KnownModel as KnownModel, known_models as known_models
from .models.remote.chat_call import TokenUsage as TokenUsage
from .models.reranker import (
    Reranker as Reranker,
    RerankScores as RerankScores,
)
from .models.token_counter import Tokenizer as Tokenizer
from .models.weights import Fingerprint as Fingerprint
from .plan import (
    Blend as Blend,
    FilterUse as FilterUse,
    FusionWeights as FusionWeights,
    Plan as Plan,
    ProposedRoute as ProposedRoute,
    QueryCut as QueryCut,
    TokenVectorsUsed as TokenVectorsUsed,
)
from .store import (
    DocumentRow as DocumentRow,
    Generation as Generation,
    PassageRow as PassageRow,
    RootRow as RootRow,
    SourceRow as SourceRow,
    SourceState as SourceState,
)
from .training import (
    Loss as Loss,
    Mined as Mined,
    Pair as Pair,
    TrainingOptions as TrainingOptions,
    TrainingProgress as TrainingProgress,
    TrainingRun as TrainingRun,
    Watch as Watch,
    mine as mine,
    read_pairs as read_pairs,
    train_encoder as train_encoder,
    train_reranker as train_reranker,
    write_pairs as write_pairs,
)
from .training.adaptation import Adaptation as Adaptation, AdaptedSet as AdaptedSet
from .training.classifier_training import (
    LabelsOf as LabelsOf,
    train_classifier as train_classifier,
    train_classifier_on_field as train_classifier_on_field,
)
from .types import (
    ContextExpansion as ContextExpansion,
    ContextFormat as ContextFormat,
    ContextOrder as ContextOrder,
    Copies as Copies,
    Document as Document,
    Fusion as Fusion,
    Heading as Heading,
    Hidden as Hidden,
    HiddenReason as HiddenReason,
    Injection as Injection,
    InjectionSign as InjectionSign,
    Json as Json,
    Masked as Masked,
    Ocr as Ocr,
    OcrSpan as OcrSpan,
    Page as Page,
    Passage as Passage,
    PlaceUnit as PlaceUnit,
    SourcePlace as SourcePlace,
    Stage as Stage,
    Syntax as Syntax,
    Table as Table,
    TokenIds as TokenIds,
    Tokens as Tokens,
    Vectors as Vectors,
)
from .understood import FieldValue as FieldValue, Reading as Reading, Understood as Understood
from .verification.compared_facts import FactKind as FactKind
from .verification.comparison import Compared as Compared
from .verification.verification import (
    CitationFault as CitationFault,
    ClaimVerdict as ClaimVerdict,
    Verdict as Verdict,
    Verification as Verification,
)
