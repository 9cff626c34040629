"""Fine-tuning a reranker or an encoder on pairs of queries and texts."""

from retrieval.training.course import Course, TrainingProgress, Watch
from retrieval.training.encoder import ENCODER_OPTIONS, train_encoder
from retrieval.training.folders import check_out, one_training, working_folder
from retrieval.training.mining import Mined, mine
from retrieval.training.options import Loss, TrainingOptions
from retrieval.training.pairs import Pair, digest_pairs, read_pairs, write_pairs
from retrieval.training.reranker import train_reranker
from retrieval.training.trainer import needs_extra

__all__ = [
    "ENCODER_OPTIONS",
    "Course",
    "Loss",
    "Mined",
    "Pair",
    "TrainingOptions",
    "TrainingProgress",
    "Watch",
    "check_out",
    "digest_pairs",
    "mine",
    "needs_extra",
    "one_training",
    "read_pairs",
    "train_encoder",
    "train_reranker",
    "working_folder",
    "write_pairs",
]
